import type { StreamEvent } from '#shared/protocol.ts'

/** Bytes that may wait for a slow station before its stream is closed: it will come back and pull. */
const QUEUE_BYTES = 32 * 1024

/** The server's end of one station's event stream. */
export interface EventStream {
  body: ReadableStream<Uint8Array>
  /** Sends an encoded event; closes the stream instead when the station does not keep up. */
  send: (event: Uint8Array) => void
  close: () => void
}

const encoder = new TextEncoder()

/** A server-sent event (WHATWG HTML, section 9.2.6). Encoded once, however many streams it goes to. */
export function encodeEvent(event: StreamEvent): Uint8Array {
  return encodeText(JSON.stringify(event))
}

/** The same of an event's JSON text. */
export function encodeText(event: string): Uint8Array {
  return encoder.encode(`data: ${event}\n\n`)
}

/** @param onClose called once, whoever closed it */
export function createEventStream(onClose: () => void): EventStream {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  function ended(): void {
    if (controller === null) return
    controller = null
    onClose()
  }
  function close(): void {
    controller?.close()
    ended()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given
      },
      cancel: ended,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES }),
  )
  return {
    body,
    send: (event) => {
      if (controller === null) return
      if ((controller.desiredSize ?? 0) < event.byteLength) close()
      else controller.enqueue(event)
    },
    close,
  }
}

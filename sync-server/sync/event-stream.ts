import type { Writable } from 'node:stream'
import type { StreamEvent } from '#shared/protocol.ts'

/** Bytes that may wait for a slow station before its stream is closed: it will come back and pull. */
const QUEUE_BYTES = 32 * 1024

/** What a station listens at: the answer to its request, written as events come. */
export type StreamLine = Pick<
  Writable,
  'write' | 'end' | 'destroy' | 'destroyed' | 'once' | 'writableLength'
>

/** The server's end of one station's event stream. */
export interface EventStream {
  /** Sends an encoded event; closes the stream instead when the station does not keep up. */
  send: (event: Uint8Array) => void
  /** What was sent still goes out. */
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

/**
 * Onto the answer itself: a web stream for each of thousands would take as much memory as all the rest.
 *
 * @param onClose called once, whoever closed it
 */
export function createEventStream(line: StreamLine, onClose: () => void): EventStream {
  let isOpen = true
  function ended(): void {
    if (!isOpen) return
    isOpen = false
    onClose()
  }
  line.once('close', ended)
  return {
    send(event) {
      if (!isOpen) return
      if (line.writableLength + event.byteLength <= QUEUE_BYTES) {
        line.write(event)
        return
      }
      line.destroy()
      ended()
    },
    close() {
      line.end()
      ended()
    },
  }
}

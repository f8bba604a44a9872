import { StreamEvent } from '#shared/protocol.ts'

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6) as the protocol's. An event of a kind that
 * this version does not know is passed over: events are hints.
 *
 * @param heard called for every piece that arrives, whatever it says: the line is alive
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of body) {
    heard()
    rest += decoder.decode(piece, { stream: true })
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = readEvent(block)
      if (event !== null) yield event
    }
    // A stream that never ends an event is not ours.
    if (rest.length > LONGEST_EVENT) return
  }
}

const LONGEST_EVENT = 256 * 1024

function readEvent(block: string): StreamEvent | null {
  const data = block
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).replace(/^ /, ''))
    .join('\n')
  if (data === '') return null
  try {
    const parsed = StreamEvent.safeParse(JSON.parse(data))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

import { connect, createServer, type Socket } from 'node:net'

export interface LineQuality {
  /** Each way, milliseconds. */
  readonly delayMs: number
  /** 0 to 1, of the packets. */
  readonly loss: number
  /** Each way, shared by all connections. */
  readonly bitsPerSecond: number
}

/** A mobile line at the edge of a town, between one station and the server. */
export interface ThinLine {
  readonly url: string
  /** From now on. */
  set(quality: LineQuality): void
  /** Breaks what is open. */
  cut(): void
  /** What went over it so far both ways, with the headers of TCP and IP. */
  bytes(): number
  close(): Promise<void>
}

export const GOOD_LINE: LineQuality = { delayMs: 0, loss: 0, bitsPerSecond: 1e9 }

const PACKET = 1_460
const HEADERS = 40
/** Packets; RFC 6928. */
const FIRST_WINDOW = 10
/** Fewer in flight, and a loss is seen by nothing but the clock. */
const FAST_RETRANSMIT_FROM = 4
const READ_AHEAD = 256 * 1024

/**
 * A TCP line as a slow and lossy network makes it. A packet that is lost comes a round trip later, or,
 * with little in flight, after a time-out; what is behind it waits, and the sender halves its window, as
 * TCP does (RFC 5681). The bytes of all connections of one direction follow each other at its rate.
 */
export async function openThinLine(targetUrl: string): Promise<ThinLine> {
  let quality = GOOD_LINE
  const target = new URL(targetUrl)
  const open = new Set<Socket>()
  const up = { freeAt: 0 }
  const down = { freeAt: 0 }
  let bytes = 0
  const count = (more: number): void => void (bytes += more)
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    // The handshake: nothing of the caller's can be on its way before.
    const from = performance.now() + 2 * quality.delayMs
    carry(near, far, { quality: () => quality, link: up, from, count })
    carry(far, near, { quality: () => quality, link: down, from: 0, count })
    for (const [side, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(side)
      side.on('error', () => other.destroy())
      side.on('close', () => open.delete(side))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    set: (next) => void (quality = next),
    cut,
    bytes: () => bytes,
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Way {
  readonly quality: () => LineQuality
  /** When the last byte of this direction has left, of whatever connection. */
  readonly link: { freeAt: number }
  /** Not before this. */
  readonly from: number
  readonly count: (bytes: number) => void
}

function carry(source: Socket, sink: Socket, { quality, link, from, count }: Way): void {
  const waiting: Buffer[] = []
  let waitingBytes = 0
  let inFlight = 0
  let window = FIRST_WINDOW
  let threshold = Infinity
  let deliveredAt = from
  let isEnding = false
  source.setNoDelay(true)

  function pump(): void {
    while (inFlight < Math.floor(window)) {
      const packet = waiting.shift()
      if (packet === undefined) break
      waitingBytes -= packet.length
      send(packet)
    }
    if (waitingBytes < READ_AHEAD) source.resume()
    if (isEnding && waiting.length === 0 && inFlight === 0) sink.end()
  }

  function send(packet: Buffer): void {
    const { delayMs, loss, bitsPerSecond } = quality()
    const roundTrip = 2 * delayMs
    inFlight += 1
    // With its acknowledgement, one for every two packets.
    count(packet.length + HEADERS * 1.5)
    const now = performance.now()
    link.freeAt =
      Math.max(now, from, link.freeAt) + ((packet.length + HEADERS) * 8_000) / bitsPerSecond
    let arrives = link.freeAt + delayMs
    while (Math.random() < loss) {
      arrives += inFlight >= FAST_RETRANSMIT_FROM ? roundTrip : Math.max(200, 1.5 * roundTrip)
      threshold = Math.max(2, window / 2)
      window = threshold
      count(packet.length + HEADERS)
    }
    deliveredAt = Math.max(deliveredAt, arrives)
    setTimeout(() => sink.write(packet), deliveredAt - now)
    setTimeout(
      () => {
        inFlight -= 1
        window += window < threshold ? 1 : 1 / window
        pump()
      },
      deliveredAt + delayMs - now,
    )
  }

  source.on('data', (data: Buffer) => {
    for (let at = 0; at < data.length; at += PACKET) waiting.push(data.subarray(at, at + PACKET))
    waitingBytes += data.length
    if (waitingBytes >= READ_AHEAD) source.pause()
    pump()
  })
  source.on('end', () => {
    isEnding = true
    pump()
  })
  source.on('close', () => {
    // Broken off, not ended: the other side hears of it when a packet would have told it.
    if (!isEnding) setTimeout(() => sink.destroy(), quality().delayMs)
  })
}

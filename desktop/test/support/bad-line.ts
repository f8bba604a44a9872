import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createRandom } from '../../../build/demo/random.ts'

/**
 * - GOOD: carries everything, to one server instance or another.
 * - DOWN: a cable pulled out.
 * - SILENT: takes everything and answers nothing: a router without its uplink.
 * - LOSSY: loses requests and answers, delivers some twice and some late, and some of them again much later.
 */
export type LineState = 'GOOD' | 'DOWN' | 'SILENT' | 'LOSSY'
export const LINE_STATES: readonly LineState[] = ['GOOD', 'DOWN', 'SILENT', 'LOSSY']

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** A whole answer, as the server gave it. */
export interface Answered {
  readonly head: IncomingMessage
  readonly body: Buffer
}

export interface BadLine {
  readonly url: string
  /** Begins a history: which servers there are, and the seed of what goes wrong. */
  begin(servers: readonly string[], seed: number): void
  /** A server that came back has another address. */
  moveTo(servers: readonly string[]): void
  set(state: LineState): void
  /** Sends once more, now, what was once sent: a packet that had got lost in the network. */
  replayOld(): Promise<void>
  /** How often each fault was made. */
  faults(): Readonly<Record<string, number>>
  close(): Promise<void>
}

/** Requests of the past that may come again. */
const OLD_AT_MOST = 20
const DELAY_AT_MOST_MS = 40

/**
 * A line on which whole HTTP requests and answers are lost, doubled, delayed and reordered.
 *
 * @param heard told of each request that a server answered, streams excepted
 */
export async function openBadLine(
  heard: (sent: Sent, answered: Answered) => void = () => undefined,
): Promise<BadLine> {
  let servers: readonly string[] = []
  let random = createRandom(0)
  let state: LineState = 'GOOD'
  /** As it is by now: it may change while something is on its way. */
  const is = (...states: LineState[]): boolean => states.includes(state)
  let old: Sent[] = []
  const sockets = new Set<Socket>()
  const counts: Record<string, number> = {}
  const count = (fault: string): void => void (counts[fault] = (counts[fault] ?? 0) + 1)

  function forward(sent: Sent, target: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const onward = request(new URL(sent.path, target), {
        method: sent.method,
        headers: sent.headers,
        agent: false,
      })
      onward.once('response', resolve)
      onward.once('error', reject)
      onward.end(sent.body)
    })
  }

  /** The answer whole, or null if the server went away. */
  async function exchange(sent: Sent): Promise<Answered | null> {
    let answered: Answered
    try {
      const head = await forward(sent, random.pick(servers))
      answered = { head, body: await readAll(head) }
    } catch {
      return null
    }
    heard(sent, answered)
    return answered
  }

  async function serve(sent: Sent, answer: ServerResponse): Promise<void> {
    if (state === 'DOWN') {
      answer.destroy()
      return
    }
    if (state === 'SILENT') return
    const isLossy = state === 'LOSSY'
    if (isLossy && random.chance(0.15)) {
      count('request lost')
      answer.destroy()
      return
    }
    if (isLossy && random.chance(0.3)) {
      count('delayed')
      await pause(random.int(1, DELAY_AT_MOST_MS))
    }
    if (isLossy && random.chance(0.2)) {
      count('doubled')
      // Both at once, at two servers perhaps; the answer that is given is the one of the second.
      void exchange(sent)
    }
    const got = await exchange(sent)
    old = [...old, sent].slice(-OLD_AT_MOST)
    if (got === null) {
      answer.destroy()
      return
    }
    if (is('DOWN', 'SILENT') || (is('LOSSY') && random.chance(0.2))) {
      count('answer lost')
      if (!is('SILENT')) answer.destroy()
      return
    }
    answer.writeHead(got.head.statusCode ?? 502, headersOf(got.head))
    answer.end(got.body)
  }

  async function serveStream(sent: Sent, answer: ServerResponse): Promise<void> {
    if (state === 'DOWN' || (state === 'LOSSY' && random.chance(0.3))) {
      answer.destroy()
      return
    }
    if (state === 'SILENT') return
    const head = await forward(sent, random.pick(servers)).catch(() => null)
    if (head === null) {
      answer.destroy()
      return
    }
    answer.writeHead(head.statusCode ?? 502, headersOf(head))
    head.on('error', () => answer.destroy())
    answer.on('close', () => head.destroy())
    head.pipe(answer)
  }

  const server = createServer((incoming, answer) => {
    void readAll(incoming).then(
      (body) => {
        const { host: _, ...headers } = headersOf(incoming)
        const sent = {
          method: incoming.method ?? 'GET',
          path: incoming.url ?? '/',
          // Its proofs name the address that the station knows.
          headers: { ...headers, host: incoming.headers.host ?? '' },
          body,
        }
        return sent.path.endsWith('/stream') ? serveStream(sent, answer) : serve(sent, answer)
      },
      () => answer.destroy(),
    )
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the line has no port')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }

  return {
    url: `http://127.0.0.1:${address.port}`,
    begin(given, seed) {
      servers = given
      random = createRandom(seed)
      old = []
      state = 'GOOD'
      cut()
    },
    moveTo: (given) => void (servers = given),
    set(next) {
      // What a dead line had swallowed cannot be made whole again.
      if (next === 'DOWN' || state === 'SILENT') cut()
      state = next
    },
    async replayOld() {
      if (old.length === 0 || servers.length === 0) return
      count('again, much later')
      await exchange(random.pick(old))
    },
    faults: () => counts,
    close: () =>
      new Promise((resolve) => {
        cut()
        server.close(() => resolve())
      }),
  }
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(Buffer.from(piece as Uint8Array))
  return Buffer.concat(pieces)
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length'])

function headersOf(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headers)
      .filter(([name]) => !HOP_BY_HOP.has(name))
      .map(([name, value]) => [name, String(value)]),
  )
}

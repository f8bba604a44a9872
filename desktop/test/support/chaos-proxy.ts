import { createServer, connect, type Socket } from 'node:net'

/**
 * What the line between a station and the server does:
 * - PASS: carries everything.
 * - CLOSED: refuses, and cuts what is open: a cable pulled out.
 * - BLACK_HOLE: takes everything and answers nothing: a router without its uplink.
 * - DROP_RESPONSES: carries requests, and loses the answers: the server has done it, the station
 *   does not know.
 */
export type LineState = 'PASS' | 'CLOSED' | 'BLACK_HOLE' | 'DROP_RESPONSES'

export interface ChaosProxy {
  url: string
  set: (state: LineState) => void
  /** Bytes of answers that were lost on purpose. */
  lostBytes: () => number
  close: () => Promise<void>
}

/** A TCP line on this machine to a server on it, that can be made as bad as a clinic's. */
export async function openChaosProxy(targetUrl: string): Promise<ChaosProxy> {
  const target = new URL(targetUrl)
  const pairs = new Map<Socket, Socket>()
  let state: LineState = 'PASS'
  let lost = 0

  function cut(): void {
    for (const [near, far] of pairs) {
      near.destroy()
      far.destroy()
    }
  }

  const server = createServer((near) => {
    if (state === 'CLOSED') {
      near.destroy()
      return
    }
    const far = connect(Number(target.port), target.hostname)
    pairs.set(near, far)
    near.on('data', (bytes) => {
      if (state === 'PASS' || state === 'DROP_RESPONSES') far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (state === 'PASS') near.write(bytes)
      else lost += bytes.length
    })
    const end = (): void => {
      pairs.delete(near)
      far.destroy()
      // A black hole does not tell either side that the other has gone.
      if (state === 'PASS' || state === 'CLOSED') near.destroy()
    }
    for (const side of [near, far]) {
      side.on('error', end)
      side.on('close', end)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    set: (next) => {
      state = next
      // What a black hole had swallowed cannot be made whole again: those connections end.
      if (next === 'CLOSED' || next === 'PASS') cut()
    },
    lostBytes: () => lost,
    close: () =>
      new Promise((resolve) => {
        cut()
        server.close(() => resolve())
      }),
  }
}

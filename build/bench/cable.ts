import { connect, createServer, type Socket } from 'node:net'

/** The line between one station and the server. */
export interface Cable {
  readonly url: string
  /** Cuts what is open, and refuses. */
  pull(): void
  plugIn(): void
  close(): Promise<void>
}

/** A TCP line on this machine that can be pulled out. */
export async function layCable(targetUrl: string): Promise<Cable> {
  const target = new URL(targetUrl)
  const open = new Set<Socket>()
  let isPulled = false
  const server = createServer((near) => {
    if (isPulled) {
      near.destroy()
      return
    }
    const far = connect(Number(target.port), target.hostname)
    for (const [side, other] of [
      [near, far],
      [far, near],
    ] as const) {
      side.setNoDelay(true)
      open.add(side)
      side.on('error', () => other.destroy())
      side.on('close', () => {
        open.delete(side)
        other.destroy()
      })
      side.pipe(other)
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
    pull() {
      isPulled = true
      cut()
    },
    plugIn: () => void (isPulled = false),
    async close() {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

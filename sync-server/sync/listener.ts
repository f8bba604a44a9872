import pg from 'pg'
import type { ServerDeps } from '../server-deps.ts'

export interface Listener {
  close: () => Promise<void>
}

export interface Listening {
  channels: readonly string[]
  onMessage: (channel: string, payload: string) => void
  /** Listening again, after a time in which messages may have been missed; at the start too. */
  onReady: () => void
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** A line that died without a word is noticed by asking. */
const PING_MS = 20_000

/** One connection that listens for this server instance, made again whenever it is lost. */
export function openListener(
  { databaseUrl, log }: Pick<ServerDeps, 'databaseUrl' | 'log'>,
  { channels, onMessage, onReady }: Listening,
): Listener {
  const closed = new AbortController()
  let client: pg.Client | null = null

  async function listenOnce(): Promise<void> {
    const current = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'dawr-listen',
      connectionTimeoutMillis: 10_000,
      query_timeout: 10_000,
      keepAlive: true,
    })
    const { promise: lost, resolve } = Promise.withResolvers<void>()
    // Both are told: an error without a listener would end the process.
    current.on('error', () => resolve())
    current.on('end', () => resolve())
    current.on('notification', ({ channel, payload }) => onMessage(channel, payload ?? ''))
    client = current
    let ping: NodeJS.Timeout | undefined
    try {
      // Ended while it connects, the client tells nobody who waits for it to be connected.
      const isLost = await Promise.race([
        current.connect().then(() => false),
        lost.then(() => true),
      ])
      if (isLost) return
      for (const channel of channels) {
        await current.query(`LISTEN ${current.escapeIdentifier(channel)}`)
      }
      onReady()
      ping = setInterval(() => {
        current.query('SELECT 1').catch(() => resolve())
      }, PING_MS)
      await lost
    } finally {
      clearInterval(ping)
      client = null
      // Not awaited: on a line that hangs it would never end.
      current.end().catch(() => undefined)
    }
  }

  async function keepListening(): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!closed.signal.aborted) {
      const began = Date.now()
      await listenOnce().catch((error: unknown) => {
        log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'listener lost')
      })
      wait = Date.now() - began > PING_MS ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS)
      await pause(wait * (0.5 + Math.random()), closed.signal)
    }
  }

  const running = keepListening()
  return {
    close: async () => {
      closed.abort()
      await client?.end().catch(() => undefined)
      await running
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

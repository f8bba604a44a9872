import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import pino, { type Logger } from 'pino'
import type { Config } from './config.ts'
import { startEmbeddedPostgres } from './database/embedded.ts'
import { createPool, openConnections } from './database/pool.ts'
import { prepareDatabase } from './database/prepare-database.ts'
import { assertServingRole } from './database/serving-role.ts'
import { createApp } from './http/app.ts'
import { describe } from './http/error-response.ts'
import { createMetrics } from './http/metrics.ts'
import { SERVED_PROTOCOLS, type ServedProtocols } from './http/served-protocol.ts'
import { importSigningKey, keepSigningKey } from './identity/signing-key.ts'
import { openJobs } from './jobs/job-runner.ts'
import { sweepExpired } from './jobs/sweep-expired.ts'
import type { ServerDeps } from './server-deps.ts'
import { shareHistory } from './sharing/share-history.ts'
import { rehearsePush } from './sync/rehearse-push.ts'
import { retryHeld } from './sync/retry-held.ts'

/**
 * Connections that may wait to be taken. Node's 511 overflow when two thousand stations come back within
 * a second, each by two: the kernel then lets a caller try again in a second, or resets it.
 */
const BACKLOG = 4_096
/** How long requests that are under way may take once the server stops. */
const DRAIN_MS = 10_000

export interface RunningServer {
  url: string
  /** `METHOD /pattern` of everything it answers: a test holds that each is tried by each role. */
  routes: readonly string[]
  /** A request answered without a socket: for tests that send a hundred thousand. */
  fetch: (request: Request) => Promise<Response>
  /** Streams end, requests under way are answered, then the database is let go. Safe to call twice. */
  close: () => Promise<void>
}

/**
 * Migrates, checks, listens. In tests too; `now` is for those that must not wait, `served` for those
 * that must not wait for the next version, `rehearses` for those that start a server for each test.
 */
export async function startServer(
  config: Config,
  {
    now = Date.now,
    log = createLog(config),
    served = SERVED_PROTOCOLS,
    rehearses = true,
  }: { now?: () => number; log?: Logger; served?: ServedProtocols; rehearses?: boolean } = {},
): Promise<RunningServer> {
  // What was opened, to be closed in the opposite order, after a failed start too.
  const opened: Array<() => Promise<void>> = []
  const closeAll = async () => {
    for (const close of opened.splice(0).toReversed()) await close()
  }
  try {
    const { appUrl, ownerUrl } = config.database ?? (await openEmbedded(config.dataFolder, opened))
    const applied = await prepareDatabase(ownerUrl)
    if (applied.length > 0) log.info({ applied }, 'migrated')
    const pool = createPool(
      appUrl,
      (error) => log.warn({ error: error.name }, 'database connection'),
      rehearses ? { rehearse: rehearsePush } : {},
    )
    opened.push(() => pool.end())
    await assertServingRole(pool)
    // With fewer it is only slower at first.
    await openConnections(pool).catch((error: unknown) => {
      if (!(error instanceof Error)) throw error
      log.warn(describe(error), 'connections not opened')
    })
    const closing = new AbortController()
    const closers: Array<() => Promise<void>> = []
    opened.push(async () => {
      await Promise.all(closers.map((close) => close()))
    })
    const metrics = createMetrics(pool)
    const work = { pool, log, now }
    const jobs = await openJobs(
      { pool, log, metrics },
      config.jobs
        ? {
            'sweep-expired': () => sweepExpired(work),
            'share-history': (data) => shareHistory(work, data),
            'retry-held': (data, sender) => retryHeld({ ...work, jobs: sender }, data),
          }
        : null,
    )
    closers.push(jobs.close)
    const deps: ServerDeps = {
      pool,
      databaseUrl: appUrl,
      jobs,
      signingKey: await importSigningKey(
        config.signingKey ?? (await keepSigningKey(config.dataFolder)),
      ),
      log,
      metrics,
      trialDays: config.trialDays,
      served,
      publicUrl: config.publicUrl,
      clinicHost: config.clinicHost,
      trustedProxies: config.trustedProxies,
      now,
      closing: closing.signal,
      onClose: (close) => closers.push(close),
    }
    const app = createApp(deps)
    const server = createAdaptorServer({ fetch: app.fetch }) as Server // plain HTTP
    const url = await listen(server, config)
    opened.push(() => drain(server, closing))
    let closed: Promise<void> | undefined
    return {
      url,
      routes: listRoutes(app),
      fetch: async (request) => app.fetch(request, {}),
      close: () => (closed ??= closeAll()),
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Middleware stands under every method, or beside the route it guards. */
function listRoutes(app: ReturnType<typeof createApp>): string[] {
  const routes = app.routes.filter(({ method }) => method !== 'ALL')
  return [...new Set(routes.map(({ method, path }) => `${method} ${path}`))]
}

function createLog(config: Config): Logger {
  // To stderr: stdout carries the one line that says the server is ready.
  return pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }))
}

async function openEmbedded(dataFolder: string, opened: Array<() => Promise<void>>) {
  const postgres = await startEmbeddedPostgres(dataFolder)
  opened.push(postgres.stop)
  return postgres
}

async function listen(server: Server, { host, port }: Config): Promise<string> {
  // Longer than the proxies in front keep theirs, so that they never write into a closing one.
  server.keepAliveTimeout = 65_000
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, host, BACKLOG, done)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

async function drain(server: Server, closing: AbortController): Promise<void> {
  const ended = new Promise((done) => server.close(done))
  closing.abort()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  // `close()` ends the connections that are idle at that moment; others become idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await ended
  clearTimeout(timer)
  clearInterval(sweep)
}

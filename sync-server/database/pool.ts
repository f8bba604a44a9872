import pg from 'pg'

/** A `bigint` column is a feed number or a count here: far below 2^53, so a number, not a string. */
const TYPES = new pg.TypeOverrides()
TYPES.setTypeParser(pg.types.builtins.INT8, Number)

interface PoolOptions {
  max?: number
  /** What a connection does before it is given to anybody; without it, one that is not used soon is closed. */
  rehearse?: (client: pg.ClientBase) => Promise<void>
}

/**
 * Kept although unused: two of pulls and streams in a storm, one of the jobs, and the rest for pushes, of
 * which one that comes after a pause is to find its connection as the last one left it.
 */
const REHEARSED = 6

/**
 * @param onIdleError a connection that breaks while unused would otherwise end the process; what a rehearsal
 *   failed of is told there too
 */
export function createPool(
  url: string,
  onIdleError: (error: Error) => void,
  { max = 10, rehearse }: PoolOptions = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    // Statements sent without waiting for each other travel in one round trip.
    pipeline: true,
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
    connectionTimeoutMillis: 10_000,
    // PostgreSQL ends what takes too long; this ends the waiting for one that is gone and did not say so.
    query_timeout: 60_000,
    // Before what stands in between forgets an unused connection, as some do after minutes: Linux asks after two hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    types: TYPES,
    application_name: 'dawr',
    ...(rehearse === undefined
      ? {}
      : {
          min: Math.min(REHEARSED, max),
          // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, whatever its types say
          onConnect: (client: pg.ClientBase) => rehearseIfPossible(client, rehearse, onIdleError),
        }),
  })
  pool.on('error', onIdleError)
  // The pool listens only while a connection is unused. One that is cut in a transaction tells its
  // statements, and would end the process for want of a listener of its own.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** It only saves time: a connection that is well after it failed is given out all the same. */
async function rehearseIfPossible(
  client: pg.ClientBase,
  rehearse: (client: pg.ClientBase) => Promise<void>,
  onError: (error: Error) => void,
): Promise<void> {
  try {
    await rehearse(client)
  } catch (error) {
    if (client.getTransactionStatus() !== 'I') throw error
    onError(error instanceof Error ? error : new Error(String(error)))
  }
}

/**
 * Opens those connections of a pool that are kept; one after the other, since a rehearsal takes a lock on each
 * partition that it sees, and PostgreSQL has room for so many.
 *
 * @throws Error if one cannot be opened; those before it are
 */
export async function openConnections(pool: pg.Pool): Promise<void> {
  const clients: pg.PoolClient[] = []
  try {
    while (clients.length < (pool.options.min ?? 0)) clients.push(await pool.connect())
  } finally {
    for (const client of clients) client.release()
  }
}

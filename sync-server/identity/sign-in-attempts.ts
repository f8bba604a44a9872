import { createHash } from 'node:crypto'
import type pg from 'pg'
import { AppError } from '#shared/errors.ts'

const WINDOW_SECONDS = 15 * 60
/** One e-mail from one address: a person who forgets, not a machine that guesses. */
const PAIR_LIMIT = 10
/** One address: a clinic's whole staff shares one. One e-mail: guesses spread over many addresses. */
const WIDE_LIMIT = 100

function digest(...parts: string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

/**
 * Counts an attempt before the password is looked at, so that guesses sent at once all count. Kept in
 * PostgreSQL: a limit per process would grow with the number of servers and end with a restart.
 *
 * @throws AppError TOO_MANY_ATTEMPTS
 */
export async function countAttempt(pool: pg.Pool, email: string, address: string): Promise<void> {
  const keys = [digest('pair', email, address), digest('address', address), digest('email', email)]
  const limits = [PAIR_LIMIT, WIDE_LIMIT, WIDE_LIMIT]
  const { rows } = await pool.query<{ over: boolean; wait: number }>(
    `INSERT INTO sign_in_attempts AS a (key, attempts, window_ends)
     SELECT key, 1, now() + make_interval(secs => $2)
     -- In one order for everybody: two requests must not wait for each other.
     FROM unnest($1::bytea[]) AS key ORDER BY key
     ON CONFLICT (key) DO UPDATE SET
       attempts = CASE WHEN a.window_ends < now() THEN 1 ELSE a.attempts + 1 END,
       window_ends = CASE WHEN a.window_ends < now() THEN excluded.window_ends ELSE a.window_ends END
     RETURNING
       attempts > ($3::int[])[array_position($1::bytea[], key)] AS over,
       ceil(extract(epoch FROM window_ends - now()))::int AS wait`,
    [keys, WINDOW_SECONDS, limits],
  )
  const waits = rows.filter(({ over }) => over).map(({ wait }) => wait)
  if (waits.length > 0) {
    throw new AppError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: Math.max(...waits) })
  }
}

/** After a right password: that person starts anew. */
export async function forgetAttempts(pool: pg.Pool, email: string, address: string): Promise<void> {
  await pool.query('DELETE FROM sign_in_attempts WHERE key = $1', [digest('pair', email, address)])
}

/** By the database's clock, as they are counted. */
export const SWEEP_ATTEMPTS = 'DELETE FROM sign_in_attempts WHERE window_ends < now()'

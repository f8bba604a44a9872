import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { ClinicId, UserId } from '#shared/ids.ts'
import { gather, prepared } from './statement.ts'

export interface Rows<Row> {
  rows: Row[]
  rowCount: number
}

interface Queryable {
  /** Rows are typed by the caller: the SQL beside it names its columns. */
  query<Row extends pg.QueryResultRow = never>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Rows<Row>>
  /**
   * Commits behind the statements just sent, in their round trip. Nothing may follow; if one of them
   * fails, this does too, and nothing was written. Without it the commit comes after `run`.
   */
  commit: () => Promise<void>
}

declare const scope: unique symbol

/** A transaction that sees one clinic; only `withClinic()` makes one. */
export interface ClinicTx extends Queryable {
  readonly [scope]: 'clinic'
  readonly clinicId: ClinicId
}

/** A transaction that sees the memberships of one person, in whatever clinic; read only. */
export interface UserTx extends Queryable {
  readonly [scope]: 'user'
  readonly userId: UserId
}

/** A transaction on the tables without a clinic: people, addresses, attempts. */
export interface GlobalTx extends Queryable {
  readonly [scope]: 'global'
}

/** Follows the transaction's promises; what they started and left running sees it closed. */
interface Context {
  clinicId: ClinicId | null
  isOpen: boolean
}
const context = new AsyncLocalStorage<Context>()

/** The clinic whose transaction is running, for logs. */
export function currentClinic(): ClinicId | null {
  const current = context.getStore()
  return current?.isOpen === true ? current.clinicId : null
}

/**
 * Runs in one transaction that sees this clinic's rows and no others, by row-level security.
 * The opening statements travel with the first query: no round trip of their own.
 */
export function withClinic<T>(
  pool: pg.Pool,
  clinicId: ClinicId,
  run: (tx: ClinicTx) => Promise<T>,
): Promise<T> {
  // Parsed again although typed: this is the one place where an id becomes SQL text.
  const id = ClinicId.parse(clinicId)
  return runIn(id, pool, openClinic(id), (tx) =>
    // The brand exists in types only; here it is given.
    run({ ...tx, clinicId: id } as ClinicTx),
  )
}

/** Per pool, so per server: each clinic's last writer, for the next to wait for. */
const writers = new WeakMap<pg.Pool, Map<ClinicId, Promise<unknown>>>()

/**
 * The same, for what locks the clinic's feed. Writers of one clinic wait here for each other, not at
 * the lock with a connection in hand: a busy clinic must not take the whole pool from all others.
 */
export async function writeClinic<T>(
  pool: pg.Pool,
  clinicId: ClinicId,
  run: (tx: ClinicTx) => Promise<T>,
): Promise<T> {
  const queues = writers.get(pool) ?? new Map<ClinicId, Promise<unknown>>()
  writers.set(pool, queues)
  const before = queues.get(clinicId) ?? Promise.resolve()
  const written = before.then(() => withClinic(pool, clinicId, run))
  // Whether it was written is its own caller's affair.
  const ended = written.catch(() => undefined)
  queues.set(clinicId, ended)
  try {
    return await written
  } finally {
    if (queues.get(clinicId) === ended) queues.delete(clinicId)
  }
}

/**
 * One statement on one clinic in a single round trip: opening, statement and commit go out
 * together. For requests that a storm of stations repeats: it reads, and what it notes by the way (who
 * was there, what was seen) is not worth waiting for the disk, nor making others wait for it.
 */
export async function queryClinic<Row extends pg.QueryResultRow = never>(
  pool: pg.Pool,
  clinicId: ClinicId,
  text: string,
  values: readonly unknown[] = [],
): Promise<Rows<Row>> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    gather(client)
    const [, result] = await settleAll([
      client.query(`${openClinic(ClinicId.parse(clinicId))}; SET LOCAL synchronous_commit = off`),
      client.query<Row>(prepared(text, values)),
      client.query('COMMIT'),
    ])
    return toRows(result)
  } catch (error) {
    // A failed statement has turned the COMMIT behind it into a ROLLBACK.
    if (client.getTransactionStatus() !== 'I') broken = asError(error)
    throw error
  } finally {
    client.release(broken)
  }
}

/** Runs in one read-only transaction that sees this person's memberships and those clinics' names. */
export function withUser<T>(
  pool: pg.Pool,
  userId: UserId,
  run: (tx: UserTx) => Promise<T>,
): Promise<T> {
  const id = UserId.parse(userId)
  const open = `BEGIN READ ONLY; SET LOCAL app.user_id = '${id}'`
  return runIn(null, pool, open, (tx) => run({ ...tx, userId: id } as UserTx))
}

/**
 * The only way to work outside one clinic, named to be seen in review, and logged with its reason.
 * Row-level security still hides every clinic's rows: it reaches the global tables alone.
 */
export function acrossClinics<T>(
  pool: pg.Pool,
  audit: { reason: string; log: (entry: { across: string }) => void },
  run: (tx: GlobalTx) => Promise<T>,
): Promise<T> {
  audit.log({ across: audit.reason })
  return runIn(null, pool, 'BEGIN', (tx) => run(tx as GlobalTx))
}

/** Says whose rows the statements of `run` see; nothing of another `within` may be under way. */
export type Within = <T>(clinicId: ClinicId, run: (tx: ClinicTx) => Promise<T>) => Promise<T>

/**
 * The only way to see two clinics in one transaction, for what clinics of one owner share, and logged
 * with its reason. Each statement sees one of the two, as `within` says: row-level security holds in
 * each as ever. Whether they are of one owner is for `run` to ask, under both feeds' locks.
 */
export function acrossClinicsOfOwner<T>(
  pool: pg.Pool,
  clinics: readonly [ClinicId, ClinicId],
  audit: { reason: string; log: (entry: { acrossClinicsOfOwner: string }) => void },
  run: (within: Within) => Promise<T>,
): Promise<T> {
  audit.log({ acrossClinicsOfOwner: audit.reason })
  return runIn(null, pool, 'BEGIN', async (tx, setUp) => {
    /** Of the `within` that is under way: what an earlier one left running must not see this clinic. */
    let inside: symbol | null = null
    const within: Within = async (given, runInside) => {
      const clinicId = ClinicId.parse(given)
      if (inside !== null) throw new Error('already within a clinic')
      if (!clinics.includes(clinicId)) throw new Error('a clinic that was not named')
      const own = Symbol(clinicId)
      inside = own
      const query: Queryable['query'] = (text, values) => {
        if (inside !== own) throw new Error('a statement outside of its clinic')
        return tx.query(text, values)
      }
      try {
        await setUp(`SET LOCAL app.clinic_id = '${clinicId}'`)
        return await runInside({ ...tx, query, clinicId } as ClinicTx)
      } finally {
        inside = null
      }
    }
    return run(within)
  })
}

/** A parsed UUID holds hex digits and dashes only, so it needs no escaping; SET takes no parameter. */
function openClinic(id: ClinicId): string {
  return `BEGIN; SET LOCAL app.clinic_id = '${id}'`
}

async function runIn<T>(
  clinicId: ClinicId | null,
  pool: pg.Pool,
  open: string,
  run: (tx: Queryable, setUp: (text: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  // A transaction inside a transaction would wait for a connection while holding one.
  if (context.getStore()?.isOpen === true)
    throw new Error('a tenant transaction is already running')
  const client = await pool.connect()
  const current: Context = { clinicId, isOpen: true }
  let broken: Error | undefined
  try {
    gather(client)
    const opened = client.query(open)
    opened.catch(() => undefined) // reported by the first query, which waits for it
    const sent: Promise<unknown>[] = [opened]
    let committed: Promise<void> | null = null
    const tx: Queryable = {
      query: async <Row extends pg.QueryResultRow>(
        text: string,
        values: readonly unknown[] = [],
      ) => {
        if (committed !== null) throw new Error('a statement behind the commit')
        gather(client)
        const running = client.query<Row>(prepared(text, values))
        sent.push(running)
        const [, result] = await settleAll([opened, running])
        return toRows(result)
      },
      commit: () => (committed ??= commit(client, sent)),
    }
    /** Not prepared: such a text is another each time. */
    const setUp = (text: string) => settleAll([opened, client.query(text)])
    const result = await context.run(current, () => run(tx, setUp))
    await opened
    await tx.commit()
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = asError(failure)
    })
    throw error
  } finally {
    current.isOpen = false
    client.release(broken)
  }
}

/** @param sent what was sent before, of which one may have turned the commit into a rollback */
async function commit(client: pg.PoolClient, sent: readonly Promise<unknown>[]): Promise<void> {
  gather(client)
  const { command } = await client.query('COMMIT')
  if (command === 'COMMIT') return
  await settleAll(sent)
  throw new Error('the transaction was rolled back')
}

/**
 * Waits for all before it reports a failure, so that nothing is still running on the connection. What it
 * reports is the cause, and not that what was sent behind it met a transaction that had failed.
 */
export async function settleAll<T extends readonly unknown[]>(promises: {
  [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  const settled = await Promise.allSettled(promises)
  const reasons = settled
    .filter((result) => result.status === 'rejected')
    .map(({ reason }): unknown => reason)
  if (reasons.length > 0) throw reasons.find((reason) => !isAborted(reason)) ?? reasons[0]
  return Promise.all(promises)
}

/** SQLSTATE 25P02, in_failed_sql_transaction. */
function isAborted(reason: unknown): boolean {
  return reason instanceof pg.DatabaseError && reason.code === '25P02'
}

function toRows<Row extends pg.QueryResultRow>(result: pg.QueryResult<Row>): Rows<Row> {
  return { rows: result.rows, rowCount: result.rowCount ?? 0 }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value))
}

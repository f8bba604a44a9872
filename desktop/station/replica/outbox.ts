import type Database from 'better-sqlite3'
import { type Command, CommandName, patientOf } from '#shared/commands.ts'
import { AppError, ErrorCode, ErrorDetails } from '#shared/errors.ts'
import { CommandId, PatientId, UserId } from '#shared/ids.ts'
import type { SignedCommand } from '#shared/protocol.ts'
import { Stamp } from '#shared/stamp.ts'
import { z } from 'zod'
import type { OutboxRow, PendingState, RejectedRow, WaitingRow } from './replica.ts'

/** How many parsed commands are kept: a bulk import's answers come command by command. */
const PARSED_AT_MOST = 64

/** Bytes of a command in a push beside its payload: the signature and the names. */
const ROW_OVERHEAD = 160

/** A row as it is sent. */
export interface OutboxPayload extends SignedCommand {
  readonly seq: number
  readonly commandId: string
}

export interface PushBounds {
  readonly commands: number
  /** Of the request's JSON, about. */
  readonly bytes: number
  readonly afterSeq: number
  readonly includeHeld: boolean
}

export interface HoldReason {
  readonly by: 'SERVER' | 'STATION'
  readonly code: ErrorCode
  readonly details: ErrorDetails
}

/** The first command held here that writes a document. */
export interface HeldWriter {
  readonly seq: number
  readonly commandId: string
}

/** Commands that were confirmed to a person and that the server has not accepted yet. */
export interface Outbox {
  /** @throws AppError INVALID for text that no server could keep; then nothing may be confirmed */
  append(command: Command, signed: SignedCommand): void
  /** In the order made, at least one if there is any; held ones only when they are to be tried again. */
  next(bounds: PushBounds): OutboxPayload[]
  find(commandId: string): Command | null
  /** @param by the server has judged the command, or the station keeps it back unheard */
  hold(commandId: string, reason: HoldReason): void
  /**
   * Documents that commands held here write and of which the server has not heard, up to an outbox
   * number: what stands on them must wait.
   */
  unheard(upToSeq: number): ReadonlyMap<string, HeldWriter>
  remove(commandId: string): void
  /** Removes an accepted command, and keeps it for a server that is set back. @param at milliseconds */
  accept(commandId: string, at: number): void
  /** Queues all accepted ones again: a server that still knows them answers as it did. */
  requeueAccepted(): void
  /** @param before milliseconds */
  pruneAccepted(before: number): void
  reject(row: RejectedRow): void
  /** The pending commands that write this document, in order. */
  writing(collection: string, id: string): Command[]
  pending(collection: string, id: string): PendingState
  /** Those of a collection that are not `NONE`, by id. */
  pendingOf(collection: string): ReadonlyMap<string, 'QUEUED' | 'HELD'>
  /** Keeps what the server has of a document that is still being written here; null: nothing. */
  noteMaster(collection: string, id: string, doc: object | null): void
  /** What the server has of a document with pending writes: as it last said, or as they found it. */
  master(collection: string, id: string): unknown
  rows(): OutboxRow[]
  /** Latest first. */
  latest(limit: number): WaitingRow[]
  held(): OutboxRow[]
  /** `unheard`: those of both that the server has never judged. */
  count(): { queued: number; held: number; unheard: number; oldest: Stamp | null }
  rejected(): RejectedRow[]
  dismissRejected(commandId: string): boolean
  /** Forgets what is kept here of a patient after it was answered. */
  forget(patientId: string): void
}

interface Row {
  seq: number
  payload: string
  state: 'QUEUED' | 'HELD'
  code: string | null
  details: string
}

const Waiting = z.object({
  commandId: CommandId,
  name: CommandName,
  by: UserId,
  at: Stamp,
  patientId: PatientId.nullable(),
  state: z.enum(['QUEUED', 'HELD']),
})

interface StoredRejected {
  commandId: string
  payload: string
  code: string
  details: string
  answeredAt: number
}

export function openOutbox(db: Database.Database): Outbox {
  const insert = db.prepare<
    [number, string, string, string, string, string | null, string, string]
  >(
    `INSERT INTO outbox
       (seq, command_id, name, author, at, patient_id, payload, signature, state, code, details)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'QUEUED', NULL, '{}')`,
  )
  const insertWrite = db.prepare<[string, string, number]>(
    'INSERT INTO outbox_writes (collection, id, seq) VALUES (?, ?, ?)',
  )
  const selectNext = db.prepare<[number, number, number], OutboxPayload>(
    `SELECT seq, command_id AS commandId, payload, signature FROM outbox
     WHERE seq > ? AND (state = 'QUEUED' OR ?) ORDER BY seq LIMIT ?`,
  )
  const selectSeq = db
    .prepare<[string], number>('SELECT seq FROM outbox WHERE command_id = ?')
    .pluck()
  const selectPayload = db
    .prepare<[number], string>('SELECT payload FROM outbox WHERE seq = ?')
    .pluck()
  const update = db.prepare<[string, string, number, string]>(
    `UPDATE outbox SET state = 'HELD', code = ?, details = ?, heard = max(heard, ?)
     WHERE command_id = ?`,
  )
  const selectUnheard = db.prepare<[number], HeldWriter & { id: string }>(
    `SELECT outbox_writes.id, seq, command_id AS commandId FROM outbox JOIN outbox_writes USING (seq)
     WHERE state = 'HELD' AND heard = 0 AND seq <= ? ORDER BY seq DESC`,
  )
  const upsertMaster = db.prepare<[string, string, string]>(
    `INSERT INTO masters (collection, id, doc) VALUES (?, ?, ?)
     ON CONFLICT (collection, id) DO UPDATE SET doc = excluded.doc`,
  )
  const selectMaster = db
    .prepare<[string, string], string>('SELECT doc FROM masters WHERE collection = ? AND id = ?')
    .pluck()
  const dropMasters = db.prepare<[number, number]>(
    `DELETE FROM masters
     WHERE (collection, id) IN (SELECT collection, id FROM outbox_writes WHERE seq = ?)
       AND NOT EXISTS (SELECT 1 FROM outbox_writes AS other
         WHERE other.collection = masters.collection AND other.id = masters.id
           AND other.seq <> ?)`,
  )
  const dropWrites = db.prepare<[number]>('DELETE FROM outbox_writes WHERE seq = ?')
  const drop = db.prepare<[number]>('DELETE FROM outbox WHERE seq = ?')
  const selectWriting = db
    .prepare<[string, string], number>(
      'SELECT seq FROM outbox_writes WHERE collection = ? AND id = ? ORDER BY seq',
    )
    .pluck()
  const selectState = db
    .prepare<[string, string], 'QUEUED' | 'HELD'>(
      `SELECT outbox.state FROM outbox_writes JOIN outbox USING (seq)
       WHERE outbox_writes.collection = ? AND outbox_writes.id = ?
       ORDER BY outbox.state LIMIT 1`,
    )
    .pluck()
  const selectStates = db
    .prepare<[string], [id: string, state: 'QUEUED' | 'HELD']>(
      `SELECT outbox_writes.id, outbox.state FROM outbox_writes JOIN outbox USING (seq)
       WHERE outbox_writes.collection = ? ORDER BY outbox.state DESC`,
    )
    .raw()
  const select = <P extends unknown[]>(tail: string): Database.Statement<P, Row> =>
    db.prepare<P, Row>(`SELECT seq, payload, state, code, details FROM outbox ${tail}`)
  const selectRows = select<[]>('ORDER BY seq')
  const selectLatest = db.prepare<[number]>(
    `SELECT command_id AS commandId, name, author AS by, at, patient_id AS patientId, state
     FROM outbox ORDER BY seq DESC LIMIT ?`,
  )
  const selectHeld = select<[]>("WHERE state = 'HELD' ORDER BY seq")
  const selectCount = db.prepare<
    [],
    { queued: number; held: number; unheard: number; oldest: string | null }
  >(
    `SELECT count(*) FILTER (WHERE state = 'QUEUED') AS queued,
            count(*) FILTER (WHERE state = 'HELD') AS held,
            count(*) FILTER (WHERE heard = 0) AS unheard, min(at) AS oldest FROM outbox`,
  )
  const insertRejected = db.prepare<[string, string, string, string, number]>(
    `INSERT OR REPLACE INTO rejected (command_id, payload, code, details, answered_at)
     VALUES (?, ?, ?, ?, ?)`,
  )
  const selectRejected = db.prepare<[], StoredRejected>(
    `SELECT command_id AS commandId, payload, code, details, answered_at AS answeredAt FROM rejected
     ORDER BY answered_at DESC, command_id DESC`,
  )
  // The inbox looks at them at each change; a refusal stands as it is until it is dismissed.
  let refused = new Map<string, Command>()
  const readRejected = (): RejectedRow[] => {
    const rows = selectRejected.all().map(({ commandId, payload, code, details, answeredAt }) => ({
      command: refused.get(commandId) ?? parseCommand(payload),
      code: ErrorCode.parse(code),
      details: ErrorDetails.parse(JSON.parse(details)),
      answeredAt,
    }))
    refused = new Map(
      rows.slice(0, PARSED_AT_MOST).map(({ command }) => [command.commandId, command]),
    )
    return rows
  }
  const dropRejected = db.prepare<[string]>('DELETE FROM rejected WHERE command_id = ?')

  const keepAccepted = db.prepare<[number, string]>(
    `INSERT OR REPLACE INTO accepted
       (seq, command_id, name, author, at, patient_id, payload, signature, accepted_at)
     SELECT seq, command_id, name, author, at, patient_id, payload, signature, ?
     FROM outbox WHERE command_id = ?`,
  )
  const selectAccepted = db.prepare<[], { seq: number; payload: string }>(
    'SELECT seq, payload FROM accepted ORDER BY seq',
  )
  const requeue = db.prepare<[]>(
    `INSERT INTO outbox
       (seq, command_id, name, author, at, patient_id, payload, signature, state, code, details)
     SELECT seq, command_id, name, author, at, patient_id, payload, signature, 'QUEUED', NULL, '{}'
     FROM accepted`,
  )
  const dropAccepted = db.prepare<[number]>('DELETE FROM accepted WHERE accepted_at < ?')

  // Of lists of many too: those stand at the server by now.
  const forgetAccepted = db.prepare<[string]>('DELETE FROM accepted WHERE instr(payload, ?) > 0')
  const forgetRejected = db.prepare<[string]>('DELETE FROM rejected WHERE instr(payload, ?) > 0')

  const parsed = new Map<number, Command>()
  const parse = (seq: number, payload: string): Command => {
    const known = parsed.get(seq)
    if (known !== undefined) return known
    const command = parseCommand(payload)
    if (parsed.size >= PARSED_AT_MOST) parsed.clear()
    parsed.set(seq, command)
    return command
  }
  const load = (seq: number): Command => {
    const payload = selectPayload.get(seq)
    if (payload === undefined) throw new Error(`no outbox row ${seq}`)
    return parse(seq, payload)
  }

  const readRow = ({ seq, payload, state, code, details }: Row): OutboxRow => ({
    seq,
    command: parse(seq, payload),
    state,
    code: code === null ? null : ErrorCode.parse(code),
    details: ErrorDetails.parse(JSON.parse(details)),
  })

  const writing = (collection: string, id: string): Command[] =>
    selectWriting.all(collection, id).map(load)

  function remove(commandId: string): void {
    const seq = selectSeq.get(commandId)
    if (seq === undefined) return
    dropMasters.run(seq, seq)
    dropWrites.run(seq)
    drop.run(seq)
    parsed.delete(seq)
  }

  return {
    append(command, { payload, signature }) {
      const { seq, commandId, name, by, at, writes } = command
      if (UNKEEPABLE.test(payload)) throw new AppError('INVALID', { issues: ['writes'] })
      insert.run(seq, commandId, name, by, at, patientOf(command), payload, signature)
      for (const { collection, id } of writes) insertWrite.run(collection, id, seq)
    },
    next({ commands, bytes, afterSeq, includeHeld }) {
      const rows: OutboxPayload[] = []
      let total = 0
      for (const row of selectNext.iterate(afterSeq, includeHeld ? 1 : 0, commands)) {
        // The payload travels as a JSON string: its own quotes are escaped.
        total += Buffer.byteLength(JSON.stringify(row.payload)) + ROW_OVERHEAD
        if (rows.length > 0 && total > bytes) break
        rows.push(row)
      }
      return rows
    },
    find(commandId) {
      const seq = selectSeq.get(commandId)
      return seq === undefined ? null : load(seq)
    },
    hold: (commandId, { by, code, details }) =>
      void update.run(code, JSON.stringify(details), by === 'SERVER' ? 1 : 0, commandId),
    // The earliest writer comes last and stands.
    unheard: (upToSeq) =>
      new Map(selectUnheard.all(upToSeq).map(({ id, seq, commandId }) => [id, { seq, commandId }])),
    remove,
    accept(commandId, at) {
      keepAccepted.run(at, commandId)
      remove(commandId)
    },
    requeueAccepted() {
      requeue.run()
      for (const { seq, payload } of selectAccepted.all()) {
        for (const { collection, id } of parseCommand(payload).writes) {
          insertWrite.run(collection, id, seq)
        }
      }
      dropAccepted.run(Number.MAX_SAFE_INTEGER)
    },
    pruneAccepted: (before) => void dropAccepted.run(before),
    reject({ command, code, details, answeredAt }) {
      insertRejected.run(
        command.commandId,
        JSON.stringify(command),
        code,
        JSON.stringify(details),
        answeredAt,
      )
    },
    writing,
    // HELD sorts before QUEUED: one held command of the document makes it held.
    pending: (collection, id) => selectState.get(collection, id) ?? 'NONE',
    // HELD comes last and stands.
    pendingOf: (collection) => new Map(selectStates.all(collection)),
    noteMaster: (collection, id, doc) => void upsertMaster.run(collection, id, JSON.stringify(doc)),
    master(collection, id) {
      const said = selectMaster.get(collection, id)
      if (said !== undefined) {
        const doc: unknown = JSON.parse(said)
        return doc
      }
      const [first] = writing(collection, id)
      return first?.writes.find((write) => write.collection === collection && write.id === id)?.base
    },
    rows: () => selectRows.all().map(readRow),
    latest: (limit) => selectLatest.all(limit).map((row) => Waiting.parse(row)),
    held: () => selectHeld.all().map(readRow),
    count() {
      const counted = selectCount.get() ?? { queued: 0, held: 0, unheard: 0, oldest: null }
      return { ...counted, oldest: counted.oldest === null ? null : Stamp.parse(counted.oldest) }
    },
    rejected: readRejected,
    dismissRejected: (commandId) => dropRejected.run(commandId).changes > 0,
    forget(patientId) {
      forgetAccepted.run(patientId)
      forgetRejected.run(patientId)
    },
  }
}

/**
 * NUL and halves of surrogate pairs, as JSON.stringify escapes them: PostgreSQL's jsonb keeps neither,
 * so the server could only refuse what a person had seen confirmed. An escaped backslash is no escape.
 */
const UNKEEPABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** It was parsed before it was signed, and the file's pages are authenticated: not parsed again. */
function parseCommand(payload: string): Command {
  // Cast: see above
  return JSON.parse(payload) as Command
}

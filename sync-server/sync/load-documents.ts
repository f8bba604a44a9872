import { z } from 'zod'
import type { GivenNumber } from '#shared/collection-rules.ts'
import { type CollectionName, COLLECTIONS } from '#shared/collections.ts'
import {
  type Command,
  type CommandName,
  isRecordCommand,
  RECORD_COMMANDS,
  type Write,
} from '#shared/commands.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { StationId } from '#shared/ids.ts'
import { addDays } from '#shared/queue-day.ts'
import { MAX_AHEAD_MS, stampTime } from '#shared/stamp.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { type RulesSince, SettingsMeta } from './feed.ts'
import { type PrintedDocument, referencesOf, touchesOf } from './judged-command.ts'
import { quarantineKeys } from './quarantine.ts'
import { keyOf, numberOf, type Standing, stepsIn } from './working-set.ts'

/** A `type`, not an interface: rows of a query have an index signature. */
type DocumentRow = {
  collection: CollectionName
  id: string
  seq: number
  doc: unknown
  meta: unknown
  /** A tombstone; only where one was asked for by its key. */
  deleted?: boolean
}

const Origins = z.record(z.string(), z.tuple([z.number(), z.string()]))

/** What to look for, each list without repetition. */
interface Wanted {
  /** `collection:id` */
  keys: Set<string>
  /** `patient/day` */
  patientDays: Set<string>
  /** Visits whose entries are needed. */
  visits: Set<string>
  /** `counter/number` */
  numbers: Set<string>
  /** Of those numbers. */
  letters: Set<string>
}

/**
 * Each looks its rows up by an index, one by one: `OFFSET 0` keeps the planner from making one join
 * of them, which on a clinic without statistics reads all of it.
 */
export const BY_KEY = `
  SELECT d.collection, d.id, d.seq, d.doc, d.meta, d.deleted
  FROM unnest($2::text[], $3::text[]) AS want (collection, id) CROSS JOIN LATERAL (
    SELECT collection, id, seq, doc, meta, deleted FROM documents
    WHERE clinic_id = $1 AND collection = want.collection AND id = want.id
    OFFSET 0) d`

const BY_PATIENT_AND_DAY = `
  SELECT d.collection, d.id, d.seq, d.doc, d.meta
  FROM unnest($2::text[], $3::text[]) AS want (patient_id, queue_day) CROSS JOIN LATERAL (
    SELECT collection, id, seq, doc, meta FROM documents
    WHERE clinic_id = $1 AND collection = 'visits'
      AND patient_id = want.patient_id AND queue_day = want.queue_day AND NOT deleted
    OFFSET 0) d`

const BY_VISIT = `
  SELECT d.collection, d.id, d.seq, d.doc, d.meta
  FROM unnest($2::text[]) AS want (visit_id) CROSS JOIN LATERAL (
    SELECT collection, id, seq, doc, meta FROM documents
    WHERE clinic_id = $1 AND collection IN ('entries', 'invoices') AND visit_id = want.visit_id
      AND NOT deleted
    OFFSET 0) d`

/** Under the letters asked for and the station's own, in which a number found taken is given anew. */
const BY_NUMBER = `
  SELECT d.collection, d.id, d.seq, d.doc, d.meta
  FROM unnest($2::text[], $3::text[]) AS want (counter, number) CROSS JOIN LATERAL (
    SELECT collection, id, seq, doc, meta FROM documents
    WHERE clinic_id = $1 AND number IS DISTINCT FROM twice AND number = ANY (ARRAY(
      SELECT want.counter || '/' || letter || '-' || want.number FROM unnest($4::text[] || (
        SELECT letter FROM stations WHERE clinic_id = $1 AND station_id = $5)) AS l (letter)))
    OFFSET 0) d`

/**
 * All documents that judging these commands can need, in one round trip; some may come twice.
 *
 * @returns with the settings, if they are among them, the rules that held since when; and the keys
 *   under which there is no row, not even a tombstone
 */
export async function loadDocuments(
  tx: ClinicTx,
  commands: readonly Command[],
  { always, stationId, now }: { always: readonly string[]; stationId: StationId; now: number },
): Promise<{ standing: Standing[]; rules: RulesSince[]; absent: Set<string> }> {
  const wanted: Wanted = {
    keys: new Set(always),
    patientDays: new Set(),
    visits: new Set(),
    numbers: new Set(),
    letters: new Set(),
  }
  for (const command of commands) want(wanted, command, now)
  const { keys, patientDays, visits, numbers, letters } = wanted
  const found = await Promise.all([
    find(tx, BY_KEY, split(keys, ':')),
    patientDays.size > 0 ? find(tx, BY_PATIENT_AND_DAY, split(patientDays, '/')) : [],
    visits.size > 0 ? find(tx, BY_VISIT, [[...visits]]) : [],
    numbers.size > 0 ? find(tx, BY_NUMBER, [...split(numbers, '/'), [...letters], stationId]) : [],
  ])
  const absent = new Set(keys)
  for (const { collection, id } of found[0]) absent.delete(keyOf(collection, id))
  const rows = found.flat().filter(({ deleted }) => deleted !== true)
  return { standing: rows.map(readStanding), rules: rows.flatMap(readRules), absent }
}

/**
 * Documents as they stand, printed and not read: also one that this version cannot read.
 *
 * @param keys `collection:id`
 */
export async function printDocuments(
  tx: ClinicTx,
  keys: readonly string[],
): Promise<(key: string) => Pick<PrintedDocument, 'seq' | 'text'> | null> {
  const { rows } = await tx.query<{ key: string; seq: number; text: string }>(
    `SELECT d.collection || ':' || d.id AS key, d.seq,
       json_build_object('collection', d.collection, 'id', d.id, 'seq', d.seq, 'doc', d.doc)::text
         AS text
     FROM unnest($2::text[], $3::text[]) AS want (collection, id) CROSS JOIN LATERAL (
       SELECT collection, id, seq, doc FROM documents
       WHERE clinic_id = $1 AND collection = want.collection AND id = want.id AND NOT deleted
       OFFSET 0) d`,
    [tx.clinicId, ...split(new Set(keys), ':')],
  )
  const found = new Map(rows.map(({ key, seq, text }) => [key, { seq, text }]))
  return (key) => found.get(key) ?? null
}

async function find(tx: ClinicTx, sql: string, wanted: readonly unknown[]): Promise<DocumentRow[]> {
  const { rows } = await tx.query<DocumentRow>(sql, [tx.clinicId, ...wanted])
  return rows
}

/** The clinic's rules and those before them, which the settings' own row keeps. */
function readRules({ collection, id, meta }: DocumentRow): readonly RulesSince[] {
  if (collection !== 'clinic' || id !== 'settings') return []
  return SettingsMeta.nullable().parse(meta)?.rules ?? []
}

function want(wanted: Wanted, command: Command, now: number): void {
  for (const key of [...touchesOf(command), ...referencesOf(command)]) wanted.keys.add(key)
  for (const id of quarantineKeys(command)) wanted.keys.add(`clinic:${id}`)
  for (const write of command.writes) {
    for (const given of isNumbered(command, write) ? numbersIn(write, command, now) : []) {
      wanted.numbers.add(`${given.counter}/${given.number}`)
      wanted.letters.add(given.letter)
    }
    if (!SUMMED.includes(command.name) || !('visitId' in write.next)) continue
    if (write.next.visitId !== null) wanted.visits.add(write.next.visitId)
  }
  for (const patientId of judgedPatients(command)) {
    for (const day of daysAround(isAhead(command, now) ? now : stampTime(command.at))) {
      wanted.patientDays.add(`${patientId}/${day}`)
    }
  }
}

/** Whether a write may put a document under another number than it has, or a new one under its first. */
export function isNumbered({ name }: Command, { collection, base }: Write): boolean {
  return base === null || (name === 'moveAppointment' && collection === 'appointments')
}

function numbersIn(write: Write, command: Command, now: number): GivenNumber[] {
  const given = numberOf({ collection: write.collection, doc: write.next })
  if (given === null) return []
  if (write.collection !== 'visits' || !isAhead(command, now)) return [given]
  const days = [write.next.queueDay, ...daysAround(now)]
  return days.flatMap((queueDay) => COLLECTIONS.visits.numbers({ ...write.next, queueDay }))
}

/** What they add is judged together with all that was added to the visit before. */
const SUMMED: readonly CommandName[] = ['refund', 'waiveFee', 'issueInvoice', 'voidInvoice']

/** Patients by whose visits of today a command is judged. */
function judgedPatients({ name, writes }: Command): string[] {
  const isSettled = name === 'settleConflict'
  const isJudged = isRecordCommand(name) && RECORD_COMMANDS[name].judgedBy === 'PATIENT'
  if (!isSettled && !isJudged) return []
  return writes.flatMap(({ collection, next }) =>
    collection === 'patients' ? next.id : collection === 'labResults' ? next.patientId : [],
  )
}

/** Its stamps will be clamped, and with them its queue day. */
export function isAhead(command: Command, now: number): boolean {
  return stampTime(command.at) > now + MAX_AHEAD_MS
}

/** The queue day of an instant follows from the clinic's settings, not read yet: it is one of these. */
function daysAround(time: number): CalendarDate[] {
  const date = new Date(time).toISOString().slice(0, 10)
  return [addDays(date, -1), date, addDays(date, 1)]
}

function split(keys: ReadonlySet<string>, separator: string): [string[], string[]] {
  const before: string[] = []
  const after: string[] = []
  for (const key of keys) {
    const at = key.indexOf(separator)
    before.push(key.slice(0, at))
    after.push(key.slice(at + 1))
  }
  return [before, after]
}

/** Parsed although we wrote it: what an older version stored must not pass for what this one means. */
function readStanding({ collection, seq, doc, meta }: DocumentRow): Standing {
  const origins = stepsIn(collection) === null ? {} : Origins.parse(meta)
  const read = COLLECTIONS[collection].schema.parse(doc)
  // Cast: by its own collection's schema
  return { collection, doc: read, origins, seq, text: null } as Standing
}

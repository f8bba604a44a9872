import { factsIn, type MergedDocument } from '#shared/collection-rules.ts'
import { COLLECTIONS, type Documents, type WritableCollection } from '#shared/collections.ts'
import { type Command, patientIn, referencesIn, type Write } from '#shared/commands.ts'
import { isErased } from '#shared/erased.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { type UserId, uuidTime } from '#shared/ids.ts'
import { ACCEPTED_KEPT_MS } from '#shared/protocol.ts'
import { stampTime } from '#shared/stamp.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { Feed } from './feed.ts'
import { referencesOf, touchesOf } from './judged-command.ts'
import { documentIn, keyOf, type WorkingSet } from './working-set.ts'

/**
 * What a server that was set back knows of what it lost. Each station sends it again, in outbox order and
 * before it pulls; but one may come before another, or only tomorrow.
 */
export interface LostHistory {
  /** The head when the epoch began: above it a number of before means nothing here. */
  seq: number
  /** When that was, milliseconds. */
  at: number
  /** Whether there is a station that has yet to come back, and is not revoked. */
  isAwaited: boolean
  /** Every station that stands here: of another nobody can say whether it will come. */
  stations: ReadonlySet<string>
  /** `collection:id` of what HELD commands of other stations write, with the stamp of the first of them. */
  held: ReadonlyMap<string, string>
}

const READ_STATIONS = `
  SELECT station_id AS "stationId", revoked_at IS NULL AND NOT EXISTS (
    SELECT FROM station_acks a
    WHERE a.clinic_id = $1 AND a.station_id = s.station_id AND a.feed_seq > $2) AS "isAwaited"
  FROM stations s WHERE clinic_id = $1`

const READ_HELD_TOUCHES = `
  SELECT key, min(at COLLATE "C") AS at FROM commands, unnest(touches) AS key
  WHERE clinic_id = $1 AND verdict = 'HELD' AND station_id <> $2 AND touches && $3::text[]
  GROUP BY key`

/**
 * @param now the server's time, milliseconds
 * @returns null: nothing was lost, or it is so long ago that nobody has it any more
 */
export async function readLostHistory(
  tx: ClinicTx,
  { begunSeq, begunAt }: Pick<Feed, 'begunSeq' | 'begunAt'>,
  {
    sender: { stationId, broughtBy },
    commands,
    now,
  }: {
    sender: { stationId: string; broughtBy: string | null }
    commands: readonly Command[]
    now: number
  },
): Promise<LostHistory | null> {
  if (begunSeq === null || begunAt === null || now >= begunAt + ACCEPTED_KEPT_MS) return null
  const keys = commands.flatMap((command) => [...touchesOf(command), ...referencesOf(command)])
  const [stations, held] = await Promise.all([
    tx.query<{ stationId: string; isAwaited: boolean }>(READ_STATIONS, [tx.clinicId, begunSeq]),
    tx.query<{ key: string; at: string }>(READ_HELD_TOUCHES, [tx.clinicId, stationId, keys]),
  ])
  return {
    seq: begunSeq,
    at: begunAt,
    // Of its own work what comes later is no parent of this.
    isAwaited: stations.rows.some(
      (each) => each.isAwaited && each.stationId !== stationId && each.stationId !== broughtBy,
    ),
    stations: new Set(stations.rows.map((each) => each.stationId)),
    held: new Map(held.rows.map(({ key, at }) => [key, at])),
  }
}

/** Who has not signed in where a command was made, as far as this server knows; and no ADMIN let it in. */
export function isStranger(
  { sessions }: Pick<WorkingSet, 'sessions'>,
  { by }: Pick<Command, 'by'>,
  { admittedBy }: { admittedBy: UserId | null },
): boolean {
  return admittedBy === null && !sessions.has(by)
}

/**
 * Whether a restore may have lost that an author had signed in, who can do so no more: a member who was
 * deactivated. Nothing was lost where nothing was ever restored, and at no station that joined since.
 */
export function mayBeForgotten(
  { feed, known, memberships }: Pick<WorkingSet, 'feed' | 'known' | 'memberships'>,
  { by }: Pick<Command, 'by'>,
): boolean {
  const isOfBefore = feed.begunSeq !== null && known.enrolledSeq < feed.begunSeq
  return isOfBefore && memberships.get(by)?.at(-1)?.active === false
}

/** What a command is refused for that more of the history may make lawful. */
const BY_HISTORY: readonly ErrorCode[] = [
  'NOT_FOUND',
  'FORBIDDEN',
  'UNLAWFUL_STEP',
  'UNDO_LATE',
  'NOTHING_TO_UNDO',
  'REFUND_OVER_PAID',
  'WAIVER_OVER_FEE',
  'INVOICE_STANDS',
]

/**
 * Whether a command that would be refused stands on what was lost, and may yet be found lawful. It only
 * decides between a refusal and waiting for it, a few days at most: a base made up gains nothing.
 *
 * @param seen the feed number that it was judged by
 */
export function waitsForLost(
  set: WorkingSet,
  command: Command,
  { seen, code }: { seen: number; code: ErrorCode },
): boolean {
  const { lost } = set
  if (lost === null || !BY_HISTORY.includes(code) || isAboutErased(set, command)) return false
  const missing = command.writes.flatMap((write) => missingFrom(set, lost, write))
  const hasSeenMore = seen <= lost.seq && command.seen > lost.seq
  if (missing.length === 0 && !hasSeenMore) return false
  // What it stands on was made before it; two that are held would else wait for each other.
  const mayBeHeld = (key: string): boolean => (lost.held.get(key) ?? command.at) < command.at
  return (
    lost.isAwaited ||
    missing.some(
      ({ key, madeBy }) => mayBeHeld(key) || (madeBy !== null && !lost.stations.has(madeBy)),
    )
  )
}

interface Missing {
  /** `collection:id` of the document that is not here, or not so far. */
  key: string
  /** By which station; null: that is not said. */
  madeBy: string | null
}

/** What a write names as made before the restore and is not here. */
function missingFrom(set: WorkingSet, { at }: LostHistory, write: Write): Missing[] {
  const isLost = (id: string, key: string): boolean => !set.documents.has(key) && uuidTime(id) <= at
  const named = referencesIn(write)
    .map(({ collection, id }) => ({ id, key: keyOf(collection, id), madeBy: null }))
    .filter(({ id, key }) => isLost(id, key))
  const { collection, id, base } = write
  const key = keyOf(collection, id)
  if (base === null) return named
  // Cast: what is written once has no base, and all else merges by fields
  const before = base as Documents[WritableCollection] & MergedDocument
  if (isLost(id, key)) return [...named, { key, madeBy: before.created.stationId }]
  return [...named, ...factsMissing(set, write, at).map((madeBy) => ({ key, madeBy }))]
}

/** By which stations the facts were made that a base has and the document as it stands has not. */
function factsMissing(set: WorkingSet, { collection, id, base }: Write, at: number): string[] {
  const { merge } = COLLECTIONS[collection]
  const standing = set.documents.get(keyOf(collection, id))
  if (base === null || standing === undefined || merge.kind !== 'FIELDS') return []
  return merge.facts.flatMap((name) => {
    const here = new Set(factsIn(standing.doc, name).map((fact) => fact.id))
    return factsIn(base, name)
      .filter((fact) => !here.has(fact.id) && stampTime(fact.at) <= at)
      .map(({ stationId }) => stationId)
  })
}

/** What a desk still sends about one who was erased is refused and not kept. */
function isAboutErased(set: WorkingSet, { writes }: Command): boolean {
  return writes.some((write) => {
    const patientId = patientIn(write)
    const patient = patientId === null ? null : documentIn(set, 'patients', patientId)
    return patient !== null && isErased(patient)
  })
}

import { z } from 'zod'
import { CutOver } from '#shared/clinic.ts'
import { entitlementState, Subscription } from '#shared/entitlement.ts'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, StationId } from '#shared/ids.ts'
import {
  type Checkpoint,
  PROTOCOL_VERSION,
  type PullPart,
  type PullRequest,
} from '#shared/protocol.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import { queryClinic } from '../database/clinic-tx.ts'
import { learnStation, readStation } from '../identity/require-station.ts'
import type { ServerDeps, StationClaim } from '../server-deps.ts'
import type { EntitlementSigner } from '../subscriptions/entitlement-token.ts'
import type { BulkLane } from './bulk-lane.ts'
import type { Gate } from './gate.ts'
import { documentsFor } from './older-wire.ts'
import { CONTACTS, readContacts } from './station-contacts.ts'

export interface PullDeps extends Pick<ServerDeps, 'pool' | 'now'> {
  /** What pulls ask the database goes through it. */
  gate: Pick<Gate, 'run'>
  signer: EntitlementSigner
  isLive: (stationId: StationId) => boolean
  acks: AckMemory
  bulk: Pick<BulkLane, 'note' | 'longestPage'>
  /** How many feed numbers the station is behind. */
  noteLag: (documents: number) => void
}

/** What each station acknowledged last, so that a pull that brings no news writes nothing. */
export interface AckMemory {
  /** Whether it is news. */
  note: (stationId: StationId, lastCommand: number, seq: number) => boolean
  forget: (stationId: StationId) => void
}

const MAX_REMEMBERED = 50_000

export function createAckMemory(): AckMemory {
  const known = new Map<StationId, string>()
  return {
    note: (stationId, lastCommand, seq) => {
      const ack = `${lastCommand}/${seq}`
      if (known.get(stationId) === ack) return false
      if (known.size >= MAX_REMEMBERED) known.clear()
      known.set(stationId, ack)
      return true
    },
    forget: (stationId) => known.delete(stationId),
  }
}

type PageRow = {
  epoch: string
  /** The oldest checkpoint that can be served. */
  oldest: number
  head: number
  count: number
  last: number | null
  documents: string | null
  contacts: unknown
  subscription: unknown
  station: unknown
}

/**
 * Everything in one statement: head and documents are of one snapshot, so nothing lies between. And
 * whether the station may ask at all, as its row says now.
 */
const readPageOf = (
  source: 'feed_page' | 'feed_of_day' | 'feed_before',
  when: 'true' | 'f.head > $2' = 'true',
): string => `
  SELECT f.epoch, f.oldest, f.head, coalesce(page.count, 0) AS count, page.last, page.documents,
    ${CONTACTS} AS contacts,
    (SELECT json_build_object('plan', plan, 'kind', kind, 'endsAt',
       to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
     FROM subscriptions WHERE clinic_id = $1 ORDER BY recorded_at DESC LIMIT 1) AS subscription,
    (SELECT json_build_object('publicKey', public_key, 'revoked', revoked, 'ended', ended)
     FROM station_state($1, $4)) AS station
  FROM feeds f LEFT JOIN LATERAL (
    SELECT * FROM ${source}($1, $2, $3) WHERE ${when} OFFSET 0) AS page ON true
  WHERE f.clinic_id = $1`

/** Nothing is numbered above the head: who comes back to nothing new asks for no page, which costs most. */
const READ_PAGE = readPageOf('feed_page', 'f.head > $2')
const READ_DAY = readPageOf('feed_of_day')
const READ_HISTORY = readPageOf('feed_before')

/**
 * The same, noting what the station has seen; never less than before, nor less under a higher number
 * of its commands. An acknowledgement lost in a crash only gives a station more benefit of the doubt.
 */
const READ_PAGE_AND_ACK = `
  WITH ack AS (
    INSERT INTO station_acks (clinic_id, station_id, command_seq, feed_seq)
    SELECT $1::uuid, $4::uuid, $5::bigint, greatest($2, (
      SELECT feed_seq FROM station_acks
      WHERE clinic_id = $1 AND station_id = $4 AND command_seq <= $5
      ORDER BY command_seq DESC LIMIT 1))
    FROM feeds WHERE clinic_id = $1 AND epoch::text = $6 AND head >= $2
    ON CONFLICT (clinic_id, station_id, command_seq) DO UPDATE SET feed_seq = excluded.feed_seq
    WHERE station_acks.feed_seq < excluded.feed_seq),
  raised AS (
    UPDATE station_acks SET feed_seq = $2
    WHERE clinic_id = $1 AND station_id = $4 AND command_seq > $5 AND feed_seq < $2
      AND EXISTS (SELECT FROM feeds WHERE clinic_id = $1 AND epoch::text = $6 AND head >= $2))
  ${READ_PAGE}`

/**
 * The next page of the clinic's feed, for all collections; or a part of it, for a desk that is new.
 *
 * @returns the JSON text of a PullResponse
 * @throws AppError UNAUTHENTICATED or STATION_REVOKED; RESEED if the checkpoint is of another feed or
 *   too old; SUBSCRIPTION if the subscription has expired and there is something to pull; INVALID
 */
export async function pullPage(
  deps: PullDeps,
  station: StationClaim,
  asked: PullRequest,
): Promise<string> {
  const { clinicId } = station
  const { checkpoint, part } = asked
  // What is behind it is asked for next; of today there is one page.
  const longest = part?.is === 'TODAY' ? asked.limit : deps.bulk.longestPage()
  const request = { ...asked, limit: Math.min(asked.limit, longest) }
  if (checkpoint !== null && checkpoint.clinicId !== clinicId) {
    await readStation(deps, clinicId, station.stationId)
    throw new AppError('RESEED')
  }
  const after = checkpoint?.seq ?? 0
  const page =
    part === undefined
      ? await readFeed(deps, station, request)
      : await readPart(deps, station, request, part)
  learnStation(station, page.station)
  const { epoch, oldest, head, count } = page
  const isServed = checkpoint?.epoch === epoch && after <= head && (after === 0 || after >= oldest)
  if (checkpoint !== null && !isServed) throw new AppError('RESEED')
  if (part === undefined) deps.noteLag(head - after)
  const subscription = Subscription.parse(page.subscription)
  const now = deps.now()
  if (count > 0 && (await isExpired(deps, clinicId, subscription))) {
    throw new AppError('SUBSCRIPTION')
  }
  const end = endOf(page, request)
  if (part === undefined) deps.bulk.note(station.stationId, end.upToDate)
  const rest = JSON.stringify({
    checkpoint: { ...end.checkpoint, clinicId },
    upToDate: end.upToDate,
    head,
    serverTime: now,
    entitlement: await deps.signer.sign(clinicId, subscription, now),
    stations: readContacts(page.contacts, deps.isLive),
  })
  const documents = documentsFor(request.protocol, page.documents ?? '', PROTOCOL_VERSION)
  return `{"ok":true,"documents":[${documents}],${rest.slice(1)}`
}

/** Where the page ends, and whether nothing of its kind is left behind it. */
function endOf(
  { epoch, head, count, last }: PageRow,
  { part, limit }: PullRequest,
): { checkpoint: Omit<Checkpoint, 'clinicId'>; upToDate: boolean } {
  const isFull = count === limit && last !== null
  switch (part?.is) {
    case 'TODAY':
      return { checkpoint: { epoch, seq: head }, upToDate: true }
    case 'HISTORY':
      return { checkpoint: { epoch, seq: isFull ? last : 0 }, upToDate: !isFull }
    case undefined: {
      const isMore = isFull && last !== head
      return { checkpoint: { epoch, seq: isMore ? last : head }, upToDate: !isMore }
    }
  }
}

/** @throws AppError INVALID: a desk that begins has no checkpoint, and one that goes back has one */
async function readPart(
  { pool, gate, now }: PullDeps,
  { clinicId, stationId }: StationClaim,
  { checkpoint, limit }: PullRequest,
  part: PullPart,
): Promise<PageRow> {
  const isNew = checkpoint === null
  if (isNew !== (part.is === 'TODAY')) throw new AppError('INVALID', { issues: ['part'] })
  const [statement, from] =
    part.is === 'TODAY'
      ? [READ_DAY, queueDayOf(now(), await readClock(pool, clinicId))]
      : [READ_HISTORY, part.before]
  const values = [clinicId, from, limit, stationId]
  return onlyRow(await gate.run(() => queryClinic<PageRow>(pool, clinicId, statement, values)))
}

async function readFeed(
  { pool, gate, acks }: PullDeps,
  { clinicId, stationId }: StationClaim,
  { checkpoint, limit, lastCommand }: PullRequest,
): Promise<PageRow> {
  const after = checkpoint?.seq ?? 0
  const isNews = checkpoint !== null && after > 0 && acks.note(stationId, lastCommand, after)
  const values = [clinicId, after, limit, stationId]
  const [statement, all] = isNews
    ? [READ_PAGE_AND_ACK, [...values, lastCommand, checkpoint.epoch]]
    : [READ_PAGE, values]
  try {
    return onlyRow(await gate.run(() => queryClinic<PageRow>(pool, clinicId, statement, all)))
  } catch (error) {
    acks.forget(stationId)
    throw error
  }
}

function onlyRow<Row>({ rows: [row] }: { rows: Row[] }): Row {
  if (row === undefined) throw new AppError('NOT_FOUND')
  return row
}

const Clock = z.object({ timeZone: z.string(), cutOvers: z.array(CutOver) })

async function readClock(
  pool: PullDeps['pool'],
  clinicId: ClinicId,
): Promise<z.infer<typeof Clock>> {
  const { rows } = await queryClinic<{ clock: unknown }>(
    pool,
    clinicId,
    `SELECT doc -> 'body' AS clock FROM documents
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = 'settings'`,
    [clinicId],
  )
  return Clock.parse(rows[0]?.clock)
}

/** After the grace sync stops. The clinic's clock is read only when the end has passed. */
async function isExpired(
  { pool, now }: PullDeps,
  clinicId: ClinicId,
  subscription: Subscription,
): Promise<boolean> {
  if (now() < Date.parse(subscription.endsAt)) return false
  const issuedAt = new Date(now()).toISOString()
  const entitlement = { clinicId, subscription, issuedAt }
  return entitlementState(entitlement, now(), await readClock(pool, clinicId)).status === 'EXPIRED'
}

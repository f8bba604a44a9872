import { randomBytes } from 'node:crypto'
import type { CollectionName } from '#shared/collections.ts'
import type { ClinicId, CommandId, StationId, UserId } from '#shared/ids.ts'
import { formatStamp, SERVER_NODE, type Stamp } from '#shared/stamp.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { Feed } from '../sync/feed.ts'
import { contentOf, digestContent, hashEntry } from './audit-chain.ts'

/** Something that was done, for the audit. */
export interface AuditFact {
  commandId: CommandId | null
  stationId: StationId | null
  authorId: UserId
  name: string
  /** The stamp of the act. */
  at: string
  admittedBy: UserId | null
  documents: readonly {
    collection: CollectionName
    id: string
    before: object | null
    after: object
    /** As its station had made it, before its number was found taken. */
    asMade?: object
  }[]
}

/** JSON texts of rows, chained and ready to be written. */
export interface ChainedAudit {
  entries: string[]
  payloads: string[]
}

const SALT_BYTES = 16

/**
 * The stamp of what was done at no station.
 *
 * @param now milliseconds since the Unix epoch
 */
export function serverStamp(now: number): Stamp {
  return formatStamp(now, 0, SERVER_NODE)
}

/**
 * Chains what was done behind the head of the clinic's chain, and moves it.
 *
 * @param now milliseconds since the Unix epoch
 */
export function chainAudit(
  clinicId: ClinicId,
  feed: Feed,
  facts: readonly AuditFact[],
  now: number,
): ChainedAudit {
  const recordedAt = new Date(now).toISOString()
  const chained: ChainedAudit = { entries: [], payloads: [] }
  const salts = makeSalts(facts.reduce((sum, { documents }) => sum + documents.length, 0))
  for (const { documents, ...fact } of facts) {
    const seq = feed.auditHead + 1
    const digests = documents.map(({ collection, id, before, after, asMade }) => {
      const salt = salts.pop() ?? ''
      const content = contentOf(before, after, asMade)
      const key = JSON.stringify({ collection, id, seq, salt })
      chained.payloads.push(`${key.slice(0, -1)},"content":${content}}`)
      return digestContent(salt, content)
    })
    const touches = documents.map(({ collection, id }) => `${collection}:${id}`)
    const entry = { clinicId, seq, ...fact, touches, digests, recordedAt }
    const hash = hashEntry(feed.auditHash, entry)
    chained.entries.push(JSON.stringify({ ...entry, hash }))
    feed.auditHead = seq
    feed.auditHash = hash
  }
  return chained
}

/** All at once: asking for randomness costs more than what it gives. Hex. */
function makeSalts(count: number): string[] {
  const random = randomBytes(count * SALT_BYTES)
  return Array.from({ length: count }, (_, index) =>
    random.toString('hex', index * SALT_BYTES, (index + 1) * SALT_BYTES),
  )
}

/** The feed must be locked, and its new head written in the same transaction. */
export async function writeAudit(tx: ClinicTx, { entries, payloads }: ChainedAudit): Promise<void> {
  if (entries.length === 0) return
  await Promise.all([
    tx.query(
      `INSERT INTO audit_entries (clinic_id, seq, command_id, station_id, author_id, name, at,
         admitted_by, touches, digests, recorded_at, hash)
       SELECT $1, r.seq, r."commandId", r."stationId", r."authorId", r.name, r.at,
         r."admittedBy", r.touches, r.digests, r."recordedAt", decode(r.hash, 'hex')
       FROM json_to_recordset($2::json) AS r (seq bigint, "commandId" uuid, "stationId" uuid,
         "authorId" uuid, name text, at text, "admittedBy" uuid, touches text[], digests text[],
         "recordedAt" timestamptz, hash text)`,
      [tx.clinicId, `[${entries.join(',')}]`],
    ),
    tx.query(
      `INSERT INTO audit_payloads (clinic_id, collection, id, seq, salt, content)
       SELECT $1, r.collection, r.id, r.seq, r.salt, r.content
       FROM json_to_recordset($2::json)
         AS r (collection text, id text, seq bigint, salt text, content json)`,
      [tx.clinicId, `[${payloads.join(',')}]`],
    ),
  ])
}

import { randomBytes } from 'node:crypto'
import type { CollectionName } from '#shared/collections.ts'
import type { ClinicId, CommandId, StationId, UserId } from '#shared/ids.ts'
import { formatStamp, SERVER_NODE, type Stamp } from '#shared/stamp.ts'
import { binaryArray, listArray, plainArray } from '../database/array-text.ts'
import { type ClinicTx, settleAll } from '../database/clinic-tx.ts'
import type { Feed } from '../sync/feed.ts'
import { type AuditEntry, contentOf, digestContent, hashEntry } from './audit-chain.ts'

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
    /** The JSON of `after`, where it was printed already. */
    afterText?: string | null
  }[]
}

/** Chained and ready to be written. */
export interface ChainedAudit {
  entries: (AuditEntry & { hash: string })[]
  payloads: AuditContent[]
}

/** What an entry keeps of a document: JSON text, under the salt of its digest. */
interface AuditContent {
  collection: CollectionName
  id: string
  seq: number
  salt: string
  content: string
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
    const digests = documents.map(({ collection, id, before, after, afterText, asMade }) => {
      const salt = salts.pop() ?? ''
      const content = contentOf(before, after, { afterText, asMade })
      chained.payloads.push({ collection, id, seq, salt, content })
      return digestContent(salt, content)
    })
    const touches = documents.map(({ collection, id }) => `${collection}:${id}`)
    const entry = { clinicId, seq, ...fact, touches, digests, recordedAt }
    const hash = hashEntry(feed.auditHash, entry)
    chained.entries.push({ ...entry, hash })
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
  await settleAll([writeEntries(tx, entries), writeContents(tx, payloads)])
}

async function writeEntries(tx: ClinicTx, entries: ChainedAudit['entries']): Promise<void> {
  if (entries.length === 0) return
  await tx.query(
    `INSERT INTO audit_entries (clinic_id, seq, command_id, station_id, author_id, name, at,
       admitted_by, touches, digests, recorded_at, hash)
     SELECT $1, r.seq, r.command, r.station, r.author, r.name, r.at, r.admitted, r.touches::text[],
       r.digests::text[], r.recorded, decode(r.hash, 'hex')
     FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::uuid[],
         $9::text[], $10::text[], $11::timestamptz[], $12::text[])
       AS r (seq, command, station, author, name, at, admitted, touches, digests, recorded, hash)`,
    [
      tx.clinicId,
      plainArray(entries.map(({ seq }) => seq)),
      plainArray(entries.map(({ commandId }) => commandId)),
      plainArray(entries.map(({ stationId }) => stationId)),
      plainArray(entries.map(({ authorId }) => authorId)),
      plainArray(entries.map(({ name }) => name)),
      plainArray(entries.map(({ at }) => at)),
      plainArray(entries.map(({ admittedBy }) => admittedBy)),
      listArray(entries.map(({ touches }) => touches)),
      listArray(entries.map(({ digests }) => digests)),
      plainArray(entries.map(({ recordedAt }) => recordedAt)),
      plainArray(entries.map(({ hash }) => hash)),
    ],
  )
}

async function writeContents(tx: ClinicTx, contents: readonly AuditContent[]): Promise<void> {
  if (contents.length === 0) return
  await tx.query(
    `INSERT INTO audit_payloads (clinic_id, collection, id, seq, salt, content)
     SELECT $1, r.collection, r.id, r.seq, r.salt, r.content
     FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::json[])
       AS r (collection, id, seq, salt, content)`,
    [
      tx.clinicId,
      plainArray(contents.map(({ collection }) => collection)),
      binaryArray(
        'TEXT',
        contents.map(({ id }) => id),
      ),
      plainArray(contents.map(({ seq }) => seq)),
      plainArray(contents.map(({ salt }) => salt)),
      binaryArray(
        'JSON',
        contents.map(({ content }) => content),
      ),
    ],
  )
}

import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ClinicDoc, Settings } from '#shared/clinic.ts'
import type { CollectionName } from '#shared/collections.ts'
import { binaryArray, plainArray } from '../database/array-text.ts'
import { type ClinicTx, settleAll } from '../database/clinic-tx.ts'
import { type ClinicNews, NEWS_CHANNEL } from './clinic-news.ts'

/** A clinic's counter row. Whoever holds it locked is the only writer of that clinic. */
export type Feed = {
  head: number
  auditHead: number
  /** Hex; empty before the first entry. */
  auditHash: string
  /** Of the checkpoints: another after a restore. */
  epoch: string
  /** Whether patients of the clinic are known at others of its owner too. */
  shares: boolean
  /** The head when this epoch began, and when that was, milliseconds; null: it is the clinic's first. */
  begunSeq: number | null
  begunAt: number | null
}

export interface NumberedDocument {
  collection: CollectionName
  id: string
  seq: number
  /** JSON text. */
  doc: string
  /** JSON text, or null. */
  meta: string | null
}

/** What of the settings holds from a feed number on; the history is kept in the document's `meta`. */
export const RulesSince = Settings.pick({
  active: true,
  narrowing: true,
  refundLimit: true,
}).extend({
  seq: z.number(),
  /** When it was written; milliseconds since the Unix epoch. */
  at: z.number(),
})
export type RulesSince = z.infer<typeof RulesSince>
export const SettingsMeta = z.object({ rules: z.array(RulesSince) })
const MAX_RULES = 100

/**
 * Locks the clinic's counter until the transaction ends. Statements sent right behind it see all
 * that the writer before it committed: READ COMMITTED takes a snapshot for each.
 */
export async function lockFeed(tx: ClinicTx): Promise<Feed> {
  const { rows } = await tx.query<Feed>(
    `SELECT head, audit_head AS "auditHead", encode(audit_hash, 'hex') AS "auditHash",
       epoch, shares, begun_seq AS "begunSeq",
       floor(extract(epoch FROM begun_at) * 1000)::bigint AS "begunAt"
     FROM feeds WHERE clinic_id = $1 FOR UPDATE`,
    [tx.clinicId],
  )
  const [feed] = rows
  if (feed !== undefined) return feed
  await tx.query('INSERT INTO feeds (clinic_id) VALUES ($1) ON CONFLICT DO NOTHING', [tx.clinicId])
  return lockFeed(tx)
}

/** The clinic's last feed number, as it is just now. */
export async function readHead(tx: ClinicTx): Promise<number> {
  const { rows } = await tx.query<{ head: number }>('SELECT head FROM feeds WHERE clinic_id = $1', [
    tx.clinicId,
  ])
  return rows[0]?.head ?? 0
}

export const CLOSE_FEED = 'SELECT close_feed($1, $2, $3, $4, $5, $6)'

/**
 * Moves the counter and the chain's head, and at commit wakes every server instance. Once a transaction:
 * NOTIFY takes a lock there that all commits share.
 */
export async function closeFeed(
  tx: ClinicTx,
  feed: Feed,
  more: Pick<ClinicNews, 'revoked' | 'offer'> = {},
): Promise<void> {
  const { head, auditHead, auditHash } = feed
  const news: ClinicNews = { clinicId: tx.clinicId, head, ...more }
  await tx.query(CLOSE_FEED, [
    tx.clinicId,
    head,
    auditHead,
    auditHash,
    NEWS_CHANNEL,
    JSON.stringify(news),
  ])
}

/** Moves the chain's head alone: no document was written. */
export async function moveChain(tx: ClinicTx, feed: Feed): Promise<void> {
  await tx.query(
    `UPDATE feeds SET audit_head = $2, audit_hash = decode($3, 'hex') WHERE clinic_id = $1`,
    [tx.clinicId, feed.auditHead, feed.auditHash],
  )
}

const INSERT_DOCUMENTS = `
  INSERT INTO documents (clinic_id, collection, id, seq, doc, meta)
  SELECT $1, r.collection, r.id, r.seq, r.doc, r.meta
  FROM unnest($2::text[], $3::text[], $4::bigint[], $5::jsonb[], $6::jsonb[])
    AS r (collection, id, seq, doc, meta)`

const WRITE_DOCUMENTS = `${INSERT_DOCUMENTS}
  ON CONFLICT (clinic_id, collection, id)
  DO UPDATE SET seq = excluded.seq, doc = excluded.doc, meta = excluded.meta`

/**
 * Writes documents under the numbers they were given; the feed must be locked.
 *
 * @param isNew of those of which it was looked up, under the lock, that there is no row: they need
 *   not be looked for again, which is a quarter of what a row costs
 */
export async function writeDocuments(
  tx: ClinicTx,
  documents: readonly NumberedDocument[],
  isNew: (document: NumberedDocument) => boolean = () => false,
): Promise<void> {
  const { fresh = [], known = [] } = Object.groupBy(documents, (each) =>
    isNew(each) ? 'fresh' : 'known',
  )
  await settleAll([
    sendDocuments(tx, WRITE_DOCUMENTS, known),
    sendDocuments(tx, INSERT_DOCUMENTS, fresh),
  ])
}

async function sendDocuments(
  tx: ClinicTx,
  sql: string,
  documents: readonly NumberedDocument[],
): Promise<void> {
  if (documents.length === 0) return
  await tx.query(sql, [
    tx.clinicId,
    plainArray(documents.map(({ collection }) => collection)),
    binaryArray(
      'TEXT',
      documents.map(({ id }) => id),
    ),
    plainArray(documents.map(({ seq }) => seq)),
    binaryArray(
      'JSONB',
      documents.map(({ doc }) => doc),
    ),
    binaryArray(
      'JSONB',
      documents.map(({ meta }) => meta),
    ),
  ])
}

/**
 * Writes documents of the `clinic` collection, which the server alone writes, into the feed.
 *
 * @param now milliseconds since the Unix epoch
 * @returns the feed number of each, in the order given
 */
export async function writeClinicDocuments(
  tx: ClinicTx,
  docs: readonly ClinicDoc[],
  now = Date.now(),
): Promise<number[]> {
  const feed = await lockFeed(tx)
  const numbered: NumberedDocument[] = []
  for (const given of docs) {
    const doc = ClinicDoc.parse(given)
    if (doc.clinicId !== tx.clinicId) throw new Error('a document of another clinic')
    feed.head += 1
    const { body } = doc
    const meta =
      body.kind === 'SETTINGS'
        ? JSON.stringify(await settingsMeta(tx, body, { seq: feed.head, at: now }))
        : null
    numbered.push({
      collection: 'clinic',
      id: doc.id,
      seq: feed.head,
      doc: JSON.stringify(doc),
      meta,
    })
  }
  const revoked = docs.flatMap(({ body }) =>
    body.kind === 'STATION' && !body.active ? [body.stationId] : [],
  )
  await Promise.all([
    writeDocuments(tx, numbered),
    closeFeed(tx, feed, revoked.length === 0 ? {} : { revoked }),
  ])
  return numbered.map(({ seq }) => seq)
}

/** A station offline is judged by the rules it knew: new ones are added to those that held before. */
async function settingsMeta(
  tx: ClinicTx,
  { active, narrowing, refundLimit }: Settings,
  from: { seq: number; at: number },
): Promise<z.infer<typeof SettingsMeta>> {
  const { rows } = await tx.query<{ meta: unknown }>(
    `SELECT meta FROM documents
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = 'settings'`,
    [tx.clinicId],
  )
  const known = rows.flatMap(({ meta }) => SettingsMeta.parse(meta).rules)
  const rules = { ...from, active, narrowing, refundLimit }
  const last = known.at(-1)
  const isSame = last !== undefined && isDeepStrictEqual({ ...last, ...from }, rules)
  return { rules: isSame ? known : [...known, rules].slice(-MAX_RULES) }
}

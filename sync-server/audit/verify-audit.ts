import type { ClinicTx } from '../database/clinic-tx.ts'
import { type AuditEntry, digestContent, ERASURE, hashEntry } from './audit-chain.ts'
import { AUDIT_COLUMNS, type AuditRow, readAuditRow } from './audit-row.ts'

/**
 * The first entry where the chain breaks. MISSING: taken out. ENTRY: changed. CONTENT: what it keeps
 * of a document was changed, or taken out without an erasure that says so. HEAD: the chain does not end where the feed says.
 */
export interface Break {
  ok: false
  seq: number
  reason: 'MISSING' | 'ENTRY' | 'CONTENT' | 'HEAD'
}
export type Verification = { ok: true; entries: number; erased: number } | Break

type ContentRow = { salt: string | null; content: string | null }
const PAGE = 2_000

/**
 * Reads a clinic's whole chain and says whether anything in it was changed, taken out or added. The
 * first in its transaction: the chain is read as it was at one moment, while the clinic works on.
 */
export async function verifyAudit(tx: ClinicTx): Promise<Verification> {
  await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
  const head = await readChainHead(tx)
  let last = { seq: 0, hash: '' }
  let erased = 0
  // Contents found empty -> the first entry that misses them; an erasure further on explains them.
  const unexplained = new Map<string, number>()
  while (last.seq < head.seq) {
    const [page, contents] = await readPage(tx, last.seq)
    if (page.length === 0) return { ok: false, seq: last.seq + 1, reason: 'MISSING' }
    for (const { entry, hash } of page) {
      const seq = last.seq + 1
      if (entry.seq !== seq) return { ok: false, seq, reason: 'MISSING' }
      if (hashEntry(last.hash, entry) !== hash) return { ok: false, seq, reason: 'ENTRY' }
      if (entry.name === ERASURE) {
        for (const touch of entry.touches) unexplained.delete(touch)
      } else {
        const gone = findErased(entry, contents)
        if (gone === null) return { ok: false, seq, reason: 'CONTENT' }
        for (const touch of gone) if (!unexplained.has(touch)) unexplained.set(touch, seq)
        erased += gone.length
      }
      last = { seq, hash }
    }
  }
  const [emptied] = [...unexplained.values()].toSorted((a, b) => a - b)
  if (emptied !== undefined) return { ok: false, seq: emptied, reason: 'CONTENT' }
  return last.seq === head.seq && last.hash === head.hash
    ? { ok: true, entries: last.seq, erased }
    : { ok: false, seq: last.seq, reason: 'HEAD' }
}

/** The number and hash (hex) of a chain's last entry: kept elsewhere, they bind all that came before. */
export async function readChainHead(tx: ClinicTx): Promise<{ seq: number; hash: string }> {
  const { rows } = await tx.query<{ seq: number; hash: string }>(
    `SELECT audit_head AS seq, encode(audit_hash, 'hex') AS hash FROM feeds WHERE clinic_id = $1`,
    [tx.clinicId],
  )
  return rows[0] ?? { seq: 0, hash: '' }
}

async function readPage(
  tx: ClinicTx,
  after: number,
): Promise<[{ entry: AuditEntry; hash: string }[], Map<string, ContentRow>]> {
  const [entries, contents] = await Promise.all([
    tx.query<AuditRow>(
      `SELECT ${AUDIT_COLUMNS} FROM audit_entries e
       WHERE e.clinic_id = $1 AND e.seq > $2 AND e.seq <= $3 ORDER BY e.seq`,
      [tx.clinicId, after, after + PAGE],
    ),
    tx.query<ContentRow & { key: string }>(
      `SELECT e.seq || '/' || t.touch AS key, p.salt, p.content
       FROM audit_entries e
       CROSS JOIN LATERAL unnest(e.touches) AS t (touch)
       CROSS JOIN LATERAL (
         SELECT salt, content::text AS content FROM audit_payloads
         WHERE clinic_id = $1 AND collection = split_part(t.touch, ':', 1)
           AND id = substr(t.touch, strpos(t.touch, ':') + 1) AND seq = e.seq
         OFFSET 0) p
       WHERE e.clinic_id = $1 AND e.seq > $2 AND e.seq <= $3`,
      [tx.clinicId, after, after + PAGE],
    ),
  ])
  return [entries.rows.map(readAuditRow), new Map(contents.rows.map((row) => [row.key, row]))]
}

/** Which of an entry's contents are empty; null if one is not what the entry says. */
function findErased(entry: AuditEntry, contents: Map<string, ContentRow>): string[] | null {
  const erased: string[] = []
  for (const [index, touch] of entry.touches.entries()) {
    const row = contents.get(`${entry.seq}/${touch}`)
    if (row === undefined) return null
    if (row.salt === null || row.content === null) erased.push(touch)
    else if (digestContent(row.salt, row.content) !== entry.digests[index]) return null
  }
  return erased
}

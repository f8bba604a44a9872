import type { CollectionName } from '#shared/collections.ts'
import type { UserId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { AuditEntry } from './audit-chain.ts'
import { AUDIT_COLUMNS, type AuditRow, readAuditRow } from './audit-row.ts'

export interface RecordAudit {
  entry: AuditEntry
  /**
   * `{before, after}` of the record: what changed; `asMade`: with the number that was found taken. Null:
   * erased.
   */
  content: unknown
}

/** Which entries, latest first: as many, and only those before an entry's number if one is given. */
export interface AuditPage {
  limit: number
  before: number | null
}

/** What was done to a record. */
export async function auditOfRecord(
  tx: ClinicTx,
  record: { collection: CollectionName; id: string },
  { limit, before }: AuditPage,
): Promise<RecordAudit[]> {
  const { rows } = await tx.query<AuditRow & { content: unknown }>(
    `SELECT ${AUDIT_COLUMNS}, p.content
     FROM audit_payloads p JOIN audit_entries e ON e.clinic_id = p.clinic_id AND e.seq = p.seq
     WHERE p.clinic_id = $1 AND p.collection = $2 AND p.id = $3
       AND p.seq < COALESCE($5, 9223372036854775807)
     ORDER BY p.seq DESC LIMIT $4`,
    [tx.clinicId, record.collection, record.id, limit, before],
  )
  return rows.map(({ content, ...row }) => ({ entry: readAuditRow(row).entry, content }))
}

/** What a person did. */
export async function auditOfPerson(
  tx: ClinicTx,
  authorId: UserId,
  { limit, before }: AuditPage,
): Promise<AuditEntry[]> {
  const { rows } = await tx.query<AuditRow>(
    `SELECT ${AUDIT_COLUMNS} FROM audit_entries e
     WHERE e.clinic_id = $1 AND e.author_id = $2 AND e.seq < COALESCE($4, 9223372036854775807)
     ORDER BY e.seq DESC LIMIT $3`,
    [tx.clinicId, authorId, limit, before],
  )
  return rows.map((row) => readAuditRow(row).entry)
}

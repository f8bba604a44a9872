import type { CollectionName } from '#shared/collections.ts'
import type { UserId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { AuditEntry } from './audit-chain.ts'
import { AUDIT_COLUMNS, type AuditRow, readAuditRow } from './audit-row.ts'

export interface RecordAudit {
  entry: AuditEntry
  /** `{before, after}` of the record: what changed. Null: erased. */
  content: unknown
}

/** What was done to a record, latest first. */
export async function auditOfRecord(
  tx: ClinicTx,
  record: { collection: CollectionName; id: string },
  limit: number,
): Promise<RecordAudit[]> {
  const { rows } = await tx.query<AuditRow & { content: unknown }>(
    `SELECT ${AUDIT_COLUMNS}, p.content
     FROM audit_payloads p JOIN audit_entries e ON e.clinic_id = p.clinic_id AND e.seq = p.seq
     WHERE p.clinic_id = $1 AND p.collection = $2 AND p.id = $3
     ORDER BY p.seq DESC LIMIT $4`,
    [tx.clinicId, record.collection, record.id, limit],
  )
  return rows.map(({ content, ...row }) => ({ entry: readAuditRow(row).entry, content }))
}

/** What a person did, latest first. */
export async function auditOfPerson(
  tx: ClinicTx,
  authorId: UserId,
  limit: number,
): Promise<AuditEntry[]> {
  const { rows } = await tx.query<AuditRow>(
    `SELECT ${AUDIT_COLUMNS} FROM audit_entries e
     WHERE e.clinic_id = $1 AND e.author_id = $2 ORDER BY e.seq DESC LIMIT $3`,
    [tx.clinicId, authorId, limit],
  )
  return rows.map((row) => readAuditRow(row).entry)
}

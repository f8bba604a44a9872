import type { AuditEntry } from './audit-chain.ts'

export type AuditRow = Omit<AuditEntry, 'recordedAt'> & { recordedAt: Date; hash: string }

/** Of `audit_entries AS e`. */
export const AUDIT_COLUMNS = `e.clinic_id AS "clinicId", e.seq, e.command_id AS "commandId",
  e.station_id AS "stationId", e.author_id AS "authorId", e.name, e.at,
  e.admitted_by AS "admittedBy", e.touches, e.digests, e.recorded_at AS "recordedAt",
  encode(e.hash, 'hex') AS hash`

export function readAuditRow(row: AuditRow): { entry: AuditEntry; hash: string } {
  const { hash, recordedAt, ...rest } = row
  return { entry: { ...rest, recordedAt: recordedAt.toISOString() }, hash }
}

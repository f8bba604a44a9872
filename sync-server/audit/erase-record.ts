import type { CollectionName } from '#shared/collections.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'

/**
 * Erases what the audit and the stored answers keep of a record, where the law asks for it. The
 * chain runs over salted digests and stays whole: that something was done, when and by whom, remains.
 *
 * @returns how many contents were erased
 */
export async function eraseFromAudit(
  tx: ClinicTx,
  { collection, id }: { collection: CollectionName; id: string },
): Promise<number> {
  const [{ rowCount }] = await Promise.all([
    tx.query(
      `UPDATE audit_payloads SET salt = NULL, content = NULL
       WHERE clinic_id = $1 AND collection = $2 AND id = $3 AND salt IS NOT NULL`,
      [tx.clinicId, collection, id],
    ),
    // A replay of such a command is still known, and answered without its documents.
    tx.query(
      `UPDATE commands SET response = jsonb_set(response::jsonb, '{documents}', '[]')::json
       WHERE clinic_id = $1 AND verdict <> 'HELD' AND command_id IN (
         SELECT e.command_id FROM audit_payloads p
         JOIN audit_entries e ON e.clinic_id = p.clinic_id AND e.seq = p.seq
         WHERE p.clinic_id = $1 AND p.collection = $2 AND p.id = $3)`,
      [tx.clinicId, collection, id],
    ),
  ])
  return rowCount
}

import type { CollectionName } from '#shared/collections.ts'
import type { UserId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed, moveChain } from '../sync/feed.ts'
import { serverStamp } from './append-audit.ts'
import { type AuditEntry, ERASURE, hashEntry } from './audit-chain.ts'

/**
 * Erases what the audit and the stored answers keep of a record, where the law asks for it. The
 * chain runs over salted digests and stays whole: that something was done, when and by whom, remains,
 * and so does that it was erased.
 *
 * @param now milliseconds since the Unix epoch
 * @returns how many contents were erased
 */
export async function eraseFromAudit(
  tx: ClinicTx,
  { collection, id }: { collection: CollectionName; id: string },
  { by, now }: { by: UserId; now: number },
): Promise<number> {
  const feed = await lockFeed(tx)
  const entry: AuditEntry = {
    clinicId: tx.clinicId,
    seq: feed.auditHead + 1,
    commandId: null,
    stationId: null,
    authorId: by,
    name: ERASURE,
    at: serverStamp(now),
    admittedBy: null,
    touches: [`${collection}:${id}`],
    digests: [],
    recordedAt: new Date(now).toISOString(),
  }
  const hash = hashEntry(feed.auditHash, entry)
  feed.auditHead = entry.seq
  feed.auditHash = hash
  const [{ rows }] = await Promise.all([
    tx.query<{ erased: number }>('SELECT erase_from_audit($1) AS erased', [
      JSON.stringify({ ...entry, hash }),
    ]),
    moveChain(tx, feed),
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
  return rows[0]?.erased ?? 0
}

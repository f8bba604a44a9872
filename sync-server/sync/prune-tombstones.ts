import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed } from './feed.ts'

/**
 * Removes the tombstones that every station of the clinic has pulled. One that was not heard from for
 * so many days is not waited for: should it come back, it is told RESEED, and keeps its outbox. For
 * the owner's role.
 *
 * @returns how many were removed, and the oldest checkpoint that can be served from now on
 */
export async function pruneTombstones(
  tx: ClinicTx,
  { silentDays }: { silentDays: number },
): Promise<{ pruned: number; oldest: number }> {
  await lockFeed(tx)
  const { rows } = await tx.query<{ pruned: number; oldest: number }>(
    `WITH known AS (
       SELECT min(COALESCE((
         SELECT max(a.feed_seq) FROM station_acks a
         WHERE a.clinic_id = $1 AND a.station_id = s.station_id), s.enrolled_seq)) AS through
       FROM stations s
       WHERE s.clinic_id = $1 AND s.revoked_at IS NULL
         AND s.last_contact > now() - make_interval(days => $2)),
     gone AS (
       DELETE FROM documents d USING known
       WHERE d.clinic_id = $1 AND d.deleted AND d.seq <= known.through
       RETURNING d.seq)
     UPDATE feeds SET oldest = greatest(oldest, (SELECT max(seq) FROM gone))
     WHERE clinic_id = $1
     RETURNING (SELECT count(*) FROM gone) AS pruned, oldest`,
    [tx.clinicId, silentDays],
  )
  return rows[0] ?? { pruned: 0, oldest: 0 }
}

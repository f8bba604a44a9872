import type { UserId } from '#shared/ids.ts'
import { chainAudit, serverStamp, writeAudit } from '../audit/append-audit.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { sendSharing } from '../sharing/sharing-jobs.ts'
import { lockFeed, moveChain } from '../sync/feed.ts'

/**
 * Gives a clinic to another owner, who must be ADMIN there. What it shares with the former owner's other
 * clinics, and they with it, is withdrawn. For the owner's role: the serving role may not do it.
 *
 * @param now milliseconds since the Unix epoch
 */
export async function changeOwner(
  tx: ClinicTx,
  { to, now, jobs }: { to: UserId; now: number; jobs: JobSender },
): Promise<void> {
  const feed = await lockFeed(tx)
  const { rows } = await tx.query<{ former: string }>(
    `UPDATE clinics c SET owner_id = $2 FROM clinics f
     WHERE c.clinic_id = $1 AND f.clinic_id = $1 RETURNING f.owner_id AS former`,
    [tx.clinicId, to],
  )
  const documents = [
    {
      collection: 'clinic' as const,
      id: 'settings',
      before: { ownerId: rows[0]?.former },
      after: { ownerId: to },
    },
  ]
  const at = serverStamp(now)
  const fact = { commandId: null, stationId: null, authorId: to, name: 'changeOwner', at }
  const audit = chainAudit(tx.clinicId, feed, [{ ...fact, admittedBy: null, documents }], now)
  await writeAudit(tx, audit)
  await moveChain(tx, feed)
  if (feed.shares) await sendSharing(tx, jobs, 'ALL', 'BOTH')
}

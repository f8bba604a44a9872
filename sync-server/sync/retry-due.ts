import type { StationId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import type { JudgedCommand } from './judged-command.ts'

const HOUR_SECONDS = 3_600

/** Whether a command waits for what may come by itself: not for an ADMIN, nor for us. */
export function waitsByItself({ verdict, code }: Pick<JudgedCommand, 'verdict' | 'code'>): boolean {
  return verdict === 'HELD' && code !== 'QUARANTINED' && code !== 'INTERNAL'
}

/**
 * Has what is held of a station tried again. Of one station one stands in the line at most. The station, as
 * long as there is one, tries by itself, and sooner.
 */
export function sendRetry(
  tx: ClinicTx,
  jobs: JobSender,
  { stationId, hours = 1 }: { stationId: StationId; hours?: number },
): Promise<void> {
  const { clinicId } = tx
  const data = { clinicId, stationId, hours }
  return jobs.send(tx, 'retry-held', [
    { key: `${clinicId}:${stationId}`, data, afterSeconds: hours * HOUR_SECONDS },
  ])
}

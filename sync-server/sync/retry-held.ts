import type { CommandId, StationId } from '#shared/ids.ts'
import { type DataOf, MAX_HOURS } from '../jobs/job-queues.ts'
import { chainAudit, writeAudit } from '../audit/append-audit.ts'
import { type ClinicTx, settleAll, withClinic, writeClinic } from '../database/clinic-tx.ts'
import { describe } from '../http/error-response.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import type { ServerDeps } from '../server-deps.ts'
import { patientsIn, sendSharing } from '../sharing/sharing-jobs.ts'
import type { Arrival } from './arrival.ts'
import { closeFeed, lockFeed, writeDocuments } from './feed.ts'
import { judgePush } from './judge-push.ts'
import { loadWorkingSet } from './load-working-set.ts'
import { factOf, recordLetters } from './push.ts'
import { recordCommands } from './record-commands.ts'
import { sendRetry } from './retry-due.ts'
import { changedDocuments, keyOf, standingChanged } from './working-set.ts'

type RetryDeps = Pick<ServerDeps, 'pool' | 'now' | 'log'> & { jobs: JobSender }

/** Behind it the others wait for the next time: what never goes in must not take a server's day. */
const MAX_MS = 300_000

/**
 * Tries what waits at the server for something that has come meanwhile: a subscription, a command before it.
 * Its station does the same, as long as there is one: a disk may be dead, or an older image of it put back.
 *
 * One command after the other, each in a transaction of its own: one that cannot be written stops no other,
 * and what stands on one that would be refused goes on waiting with it.
 */
export async function retryHeld(
  deps: RetryDeps,
  { clinicId, stationId, hours }: DataOf<'retry-held'>,
): Promise<void> {
  const { pool, jobs, log } = deps
  const start = performance.now()
  const waiting = await writeClinic(pool, clinicId, (tx) => readWaiting(tx, stationId))
  let accepted = 0
  for (const commandId of waiting) {
    if (performance.now() - start > MAX_MS) break
    try {
      const isIn = await writeClinic(pool, clinicId, (tx) =>
        retryCommand(tx, { stationId, commandId }, deps),
      )
      if (isIn) accepted += 1
    } catch (error) {
      if (!(error instanceof Error)) throw error
      log.warn({ commandId, ...describe(error) }, 'held command not tried')
    }
  }
  log.info({ clinicId, stationId, accepted, waiting: waiting.length - accepted }, 'held tried')
  if (accepted === waiting.length) return
  const later = accepted > 0 ? 1 : Math.min(hours * 2, MAX_HOURS)
  await withClinic(pool, clinicId, (tx) => sendRetry(tx, jobs, { stationId, hours: later }))
}

/** Under the lock: what a push that is under way is about to hold, it has found this job in the line for. */
async function readWaiting(tx: ClinicTx, stationId: StationId): Promise<CommandId[]> {
  await lockFeed(tx)
  const { rows } = await tx.query<{ commandId: CommandId }>(
    `SELECT command_id AS "commandId" FROM commands
     WHERE clinic_id = $1 AND station_id = $2 AND verdict = 'HELD'
       AND code NOT IN ('QUARANTINED', 'INTERNAL') AND name <> 'decideQuarantined'
     ORDER BY station_seq, command_id`,
    [tx.clinicId, stationId],
  )
  return rows.map(({ commandId }) => commandId)
}

/** @returns whether it was accepted */
async function retryCommand(
  tx: ClinicTx,
  { stationId, commandId }: { stationId: StationId; commandId: CommandId },
  deps: RetryDeps,
): Promise<boolean> {
  const now = deps.now()
  const { set } = await loadWorkingSet(
    tx,
    { stationId, broughtBy: null },
    { commands: [], again: [commandId], touches: [], stamps: [], now },
  )
  const lettersBefore = set.letters.given
  const known = new Set(set.answered.keys())
  // As it stands now, under the lock: it may have been answered since, or erased.
  const { command = null, verdict } = set.answered.get(commandId) ?? {}
  if (command === null || verdict !== 'HELD') return true
  const arrivals: Arrival[] = [{ kind: 'COMMAND', command, text: '', clampedFrom: null }]
  const { judged } = judgePush(set, arrivals, now)
  const outcome = judged.at(-1)
  // A refusal is told its station, which keeps what was entered: until it asks, the command waits on.
  if (outcome === undefined || outcome.verdict === 'REJECTED') return false
  const changed = changedDocuments(set)
  if (outcome.verdict === 'HELD' && changed.length === 0) return false
  if (set.letters.given !== lettersBefore) await recordLetters(tx, set, lettersBefore)
  if (set.feed.shares) await sendSharing(tx, deps.jobs, patientsIn(standingChanged(set)))
  await settleAll([
    writeDocuments(tx, changed, ({ collection, id }) => set.absent.has(keyOf(collection, id))),
    recordCommands(tx, judged, known),
    writeAudit(tx, chainAudit(tx.clinicId, set.feed, judged.flatMap(factOf), now)),
    closeFeed(tx, set.feed),
    tx.commit(),
  ])
  return outcome.verdict === 'ACCEPTED'
}

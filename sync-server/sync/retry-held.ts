import type { ClinicId, CommandId, StationId } from '#shared/ids.ts'
import { chainAudit, writeAudit } from '../audit/append-audit.ts'
import { type ClinicTx, settleAll, withClinic, writeClinic } from '../database/clinic-tx.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import type { ServerDeps } from '../server-deps.ts'
import { patientsIn, sendSharing } from '../sharing/sharing-jobs.ts'
import type { Arrival } from './arrival.ts'
import { closeFeed, writeDocuments } from './feed.ts'
import { judgePush } from './judge-push.ts'
import { loadWorkingSet } from './load-working-set.ts'
import { factOf, recordLetters } from './push.ts'
import { recordCommands } from './record-commands.ts'
import { sendRetry } from './retry-due.ts'
import { changedDocuments, keyOf, standingChanged } from './working-set.ts'

type RetryDeps = Pick<ServerDeps, 'pool' | 'now' | 'log'> & { jobs: JobSender }

const BATCH = 100

/**
 * Tries what waits at the server for something that has come meanwhile: a subscription, a command before it.
 * Its station does the same, as long as there is one: a disk may be dead, or an older image of it put back.
 */
export async function retryHeld(
  deps: RetryDeps,
  clinicId: ClinicId,
  stationId: StationId,
): Promise<void> {
  let waiting = 0
  let accepted = 0
  for (let after: Place | null = BEFORE_ALL; after !== null;) {
    const from: Place = after
    const tried = await writeClinic(deps.pool, clinicId, (tx) =>
      retryBatch(tx, { stationId, after: from }, deps),
    )
    waiting += tried.waiting
    accepted += tried.accepted
    after = tried.last
  }
  deps.log.info({ clinicId, stationId, accepted, waiting }, 'held tried')
  if (waiting > 0)
    await withClinic(deps.pool, clinicId, (tx) => sendRetry(tx, deps.jobs, stationId))
}

/** In the order of a station's commands, of which two may have one number: a copy of its file made the other. */
type Place = readonly [stationSeq: number, commandId: string]
const BEFORE_ALL: Place = [0, '00000000-0000-0000-0000-000000000000']

const READ_WAITING = `
  SELECT command_id AS "commandId", station_seq AS "stationSeq" FROM commands
  WHERE clinic_id = $1 AND station_id = $2 AND verdict = 'HELD'
    AND code NOT IN ('QUARANTINED', 'INTERNAL') AND name <> 'decideQuarantined'
    AND (station_seq, command_id) > ($3, $4)
  ORDER BY station_seq, command_id LIMIT ${BATCH}`

async function retryBatch(
  tx: ClinicTx,
  { stationId, after }: { stationId: StationId; after: Place },
  deps: RetryDeps,
): Promise<{ accepted: number; waiting: number; last: Place | null }> {
  const { rows } = await tx.query<{ commandId: CommandId; stationSeq: number }>(READ_WAITING, [
    tx.clinicId,
    stationId,
    ...after,
  ])
  const end = rows.at(-1)
  if (end === undefined) return { accepted: 0, waiting: 0, last: null }
  const now = deps.now()
  const again = rows.map(({ commandId }) => commandId)
  const { set } = await loadWorkingSet(
    tx,
    { stationId, broughtBy: null },
    { commands: [], again, touches: [], stamps: [], now },
  )
  const lettersBefore = set.letters.given
  const known = new Set(set.answered.keys())
  // As they stand now, under the lock: one may have been answered since, or erased.
  const arrivals = again.flatMap((id): Arrival[] => {
    const { command = null, verdict } = set.answered.get(id) ?? {}
    if (command === null || verdict !== 'HELD') return []
    return [{ kind: 'COMMAND', command, text: '', clampedFrom: null }]
  })
  const { judged } = judgePush(set, arrivals, now)
  // A refusal is told its station, which keeps what was entered: until it asks, the command waits on.
  const accepted = judged.filter(({ verdict }) => verdict === 'ACCEPTED')
  const changed = changedDocuments(set)
  if (accepted.length > 0 || changed.length > 0) {
    if (set.letters.given !== lettersBefore) await recordLetters(tx, set, lettersBefore)
    if (set.feed.shares && changed.length > 0) {
      await sendSharing(tx, deps.jobs, patientsIn(standingChanged(set)))
    }
    await settleAll([
      writeDocuments(tx, changed, ({ collection, id }) => set.absent.has(keyOf(collection, id))),
      recordCommands(
        tx,
        judged.filter(({ verdict }) => verdict !== 'REJECTED'),
        known,
      ),
      writeAudit(tx, chainAudit(tx.clinicId, set.feed, accepted.flatMap(factOf), now)),
      closeFeed(tx, set.feed),
      tx.commit(),
    ])
  }
  return {
    accepted: accepted.length,
    waiting: arrivals.length - accepted.length,
    last: [end.stationSeq, end.commandId],
  }
}

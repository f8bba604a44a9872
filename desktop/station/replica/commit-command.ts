import { randomBytes } from 'node:crypto'
import { Command } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import { CommandId, makeUuidv7, type UserId } from '#shared/ids.ts'
import { judgeCommand } from '#shared/judge.ts'
import type { JudgeContext } from '#shared/judge-context.ts'
import { nextStamp, stampTime } from '#shared/stamp.ts'
import type { StoreTx } from '../storage/store-tx.ts'
import { deskNow } from './desk-time.ts'
import type { CommandDraft, CommandTx } from './replica.ts'
import {
  rememberEnd,
  rememberTime,
  type ReplicaCore,
  subscriptionState,
  touching,
} from './replica-core.ts'
import { signText } from './station-key.ts'
import { isSameJson, putDocuments } from './write-documents.ts'

/**
 * The unit of work (ARCHITECTURE 4): makes, judges and stores a command. Its documents, its signed
 * outbox row, its numbers and its stamp are one SQLite transaction, on disk when this returns.
 *
 * @throws AppError with the judge's code, or INVALID; then nothing was stored and no number taken
 */
export function commitCommand<T>(
  core: ReplicaCore,
  by: UserId,
  make: (tx: CommandTx) => CommandDraft<T>,
): T {
  const deskBefore = core.desk
  try {
    const { output, command } = core.file.store.transaction((tx) => {
      const commandTx = beginCommand(core, by)
      const draft = make(commandTx)
      const made = completeCommand(core, commandTx, draft)
      storeCommand(core, tx, made)
      return { output: draft.output, command: made }
    })
    core.committedAt = core.clock.monotonic()
    core.tell(
      touching(
        command.writes.map(({ collection }) => collection),
        true,
      ),
    )
    return output
  } catch (error) {
    core.desk = deskBefore
    if (error instanceof AppError && error.code === 'SUBSCRIPTION') rememberEnd(core)
    throw error
  }
}

function beginCommand(core: ReplicaCore, by: UserId): CommandTx {
  const { file, identity, letter } = core
  const { clinicId, stationId } = identity
  // A number that may have been given out already is given to nobody (ARCHITECTURE 5).
  const next = (name: string): number => {
    if (file.meta.get('needsLetter') !== null) throw new AppError('OFFLINE')
    return file.counters.add(name, 1)
  }
  const at = nextStamp(core.lastStamp, deskNow(core.desk, core.clock), core.node)
  core.lastStamp = at
  const now = stampTime(at)
  const newId = makeIds(now)
  return {
    ...core.read,
    clinicId,
    stationId,
    letter,
    commandId: CommandId.parse(newId()),
    at,
    now,
    by,
    newId,
    nextTicket: (queueDay) => ({ letter, number: next(`ticket:${queueDay}`) }),
    nextReceipt: () => ({ letter, number: next('receipt') }),
    nextNumber: (counter) => ({ letter, number: next(counter) }),
  }
}

/**
 * UUIDv7s that sort in the order made: RFC 9562, section 6.2, method 1, a counter of 12 bits in
 * `rand_a` that begins low and a fresh random tail.
 */
function makeIds(now: number): () => string {
  let counter = 0
  return () => {
    const random = new Uint8Array(randomBytes(10))
    random[0] = (counter >> 8) & 0x0f
    random[1] = counter & 0xff
    const id = makeUuidv7(now, random)
    counter += 1
    return id
  }
}

function completeCommand(core: ReplicaCore, tx: CommandTx, draft: CommandDraft<unknown>): Command {
  const { file, identity } = core
  const parsed = Command.safeParse({
    commandId: tx.commandId,
    stationId: identity.stationId,
    seq: file.counters.add('outbox', 1),
    name: draft.name,
    by: tx.by,
    at: tx.at,
    seen: file.meta.get('checkpoint')?.seq ?? 0,
    writes: draft.writes,
    decision: draft.decision ?? null,
  } satisfies Record<keyof Command, unknown>)
  if (!parsed.success) {
    throw new AppError('INVALID', { issues: parsed.error.issues.map(({ path }) => path.join('.')) })
  }
  const judgement = judgeCommand(parsed.data, judgeContext(core, tx))
  if (judgement.verdict !== 'ACCEPTED') throw new AppError(judgement.code, judgement.details)
  return parsed.data
}

/** On the station everything it holds is seen. */
function judgeContext(core: ReplicaCore, tx: CommandTx): JudgeContext {
  const settings = tx.settings()
  const member = tx.staff().find(({ userId }) => userId === tx.by)
  return {
    settings,
    author:
      member === undefined
        ? null
        : { roles: member.roles, knownInactive: !member.active, inactiveSince: null },
    clinicClosed: settings.active ? null : { known: true, since: 0 },
    mayBeginWork: (at) => subscriptionState(core, at)?.canWrite ?? false,
    find: tx.find,
    findSeen: tx.find,
    entriesOf: tx.entriesOfVisit,
    invoicesOf: tx.invoicesOfVisit,
    statusesOfPatient(patientId, queueDay) {
      const patient = tx.patient(patientId)
      if (patient === null) return []
      return tx
        .visitsOfPatient(patient.id, MAX_VISITS_OF_A_DAY)
        .filter((visit) => visit.queueDay === queueDay)
        .map(({ status }) => status)
    },
  }
}

/** Latest first, so that today's are among them. */
const MAX_VISITS_OF_A_DAY = 50

function storeCommand(core: ReplicaCore, tx: StoreTx, command: Command): void {
  const { file } = core
  for (const write of command.writes) {
    const { collection, id, base, next } = write
    const stands = file.rows.byId(collection, id)
    // A draft over anything but what stands would show one thing here and another after the merge.
    if (!isSameJson(base, stands)) throw new AppError('INTERNAL', { stale: collection, id })
    putDocuments(file, tx, { collection, documents: new Map([[id, next]]) })
  }
  const payload = JSON.stringify(command)
  // Sign before the row exists: an unsigned command must never leave this station.
  file.outbox.append(command, { payload, signature: signText(core.signingKey, payload) })
  rememberTime(core)
}

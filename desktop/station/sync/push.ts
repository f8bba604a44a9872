import type { ErrorCode } from '#shared/errors.ts'
import { AppError } from '#shared/errors.ts'
import {
  EPOCH_HEADER,
  MAX_PUSH_BYTES,
  MAX_PUSH_COMMANDS,
  PROTOCOL_VERSION,
  PushResponse,
} from '#shared/protocol.ts'
import { SEAL_HEADER, SEALED_FROM, sealText } from '#shared/push-seal.ts'
import type { OutboxPayload } from '../replica/outbox.ts'
import { applyResults, holdCommands } from '../replica/push-answers.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import { beginReseed } from '../replica/reseed.ts'
import { signText } from '../replica/station-key.ts'
import { dependentsOf } from './dependents.ts'
import { letDeskGoFirst } from './desk-first.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 30_000
/** Room for the request around its commands, and for an estimate that was a little short. */
const BYTES_AT_MOST = MAX_PUSH_BYTES * 0.9
/** A server that fails on the same commands this often fails because of them. */
const FAULTS_BEFORE_SPLIT = 3

/** Codes that are about what was sent and not about the line: sending it again changes nothing. */
const ABOUT_CONTENT: readonly ErrorCode[] = ['TOO_LARGE', 'INVALID']

/** Empties the outbox in order, one request after the other. */
export interface Push {
  /**
   * Sends the next commands and applies the answers.
   *
   * @returns the feed numbers of the documents that came back; null when there was nothing to send;
   *   RESEED when the server was set back: nothing was judged, and what it lost is queued before the rest
   * @throws AppError when the line or the server failed; then nothing was lost or decided
   */
  sendNext(): Promise<readonly number[] | 'RESEED' | null>
  /** Held commands are sent once more, in their place in the order; also what is on its way and comes back held. */
  retryHeld(): void
  /** Whether an answer is waited for, or not yet applied. */
  isSending(): boolean
}

export function openPush(core: ReplicaCore, door: StationDoor): Push {
  const { outbox } = core.file
  let commands = MAX_PUSH_COMMANDS
  let bytes = BYTES_AT_MOST
  let includeHeld = false
  let afterSeq = 0
  let isSending = false
  /** It was asked to try again what is held, since what is under way was chosen. */
  let isAskedAnew = false
  let fault = { seq: 0, times: 0 }

  /** Not behind what was sent before it was asked to try again. */
  function goOnBehind(seq: number): void {
    if (includeHeld && !isAskedAnew) afterSeq = seq
  }

  function post(rows: readonly OutboxPayload[]): Promise<PushResponse> {
    return door.post({
      path: '/v1/push',
      body: {
        protocol: PROTOCOL_VERSION,
        commands: rows.map(({ payload, signature }) => ({ payload, signature })),
      },
      // Of many the server then looks at one signature.
      seal: (body) =>
        rows.length < SEALED_FROM
          ? {}
          : { [SEAL_HEADER]: signText(core.signingKey, sealText(body)) },
      mayPack: true,
      answer: PushResponse,
      headers: epochHeader(core),
      timeoutMs: TIMEOUT_MS,
    })
  }

  /** True: go on at once with something else. False: the line's fault after all. */
  function handleFault(rows: readonly OutboxPayload[], error: AppError): boolean {
    const [first] = rows
    if (first === undefined) return false
    if (error.code === 'INTERNAL') {
      fault =
        fault.seq === first.seq
          ? { ...fault, times: fault.times + 1 }
          : { seq: first.seq, times: 1 }
      if (fault.times < FAULTS_BEFORE_SPLIT) return false
    } else if (!ABOUT_CONTENT.includes(error.code)) {
      return false
    }
    if (rows.length > 1) {
      commands = Math.ceil(rows.length / 2)
      bytes = Math.max(bytes / 2, 1)
      return true
    }
    // Alone, and still refused: kept back here, so that what is behind it can go.
    const { commandId } = first
    holdCommands(core, [{ commandId, code: error.code, details: error.details }])
    afterSeq = 0
    goOnBehind(first.seq)
    return true
  }

  /**
   * Holds back what stands on a command of which the server has not heard, also one made only after
   * that was held. Those held ahead of `afterSeq` have had their turn in this round; the others, if held
   * ones are tried again, go before what stands on them.
   */
  function holdOrphans(rows: readonly OutboxPayload[]): readonly OutboxPayload[] {
    const unheard = outbox.unheard(includeHeld ? afterSeq : Number.MAX_SAFE_INTEGER)
    if (unheard.size === 0) return rows
    const made = rows.flatMap(({ commandId }) => outbox.find(commandId) ?? [])
    const orphans = dependentsOf(unheard, made)
    if (orphans.length === 0) return rows
    holdCommands(
      core,
      orphans.map(({ command, parent }) => ({
        commandId: command.commandId,
        code: 'PARENT_HELD',
        details: { parent },
      })),
    )
    const held = new Set<string>(orphans.map(({ command }) => command.commandId))
    return rows.filter(({ commandId }) => !held.has(commandId))
  }

  async function send(): Promise<readonly number[] | 'RESEED' | null> {
    const next = outbox.next({ commands, bytes, afterSeq, includeHeld })
    const last = next.at(-1)
    if (last === undefined) {
      includeHeld = false
      afterSeq = 0
      return null
    }
    const rows = holdOrphans(next)
    if (rows.length === 0) {
      goOnBehind(last.seq)
      return []
    }
    const sent = core.clock.monotonic()
    let answer: PushResponse
    try {
      answer = await post(rows)
    } catch (error) {
      if (error instanceof AppError && error.code === 'RESEED') {
        beginReseed(core)
        // What it held it may have lost as well, and what was made on that comes behind it.
        includeHeld = true
        afterSeq = 0
        return 'RESEED'
      }
      if (error instanceof AppError && handleFault(rows, error)) return []
      throw error
    }
    core.clock.heard(answer.serverTime, sent)
    await letDeskGoFirst(core)
    const asked = new Set(rows.map(({ commandId }) => commandId))
    const results = answer.results.filter(({ commandId }) => asked.has(commandId))
    // An answer that leaves one out would be asked for again at once, for ever.
    if (results.length < rows.length)
      throw new AppError('UNAVAILABLE', { missing: rows.length - results.length })
    applyResults(core, results)
    // A held command stays in the outbox: go on behind it, or this round would not end.
    goOnBehind(last.seq)
    commands = Math.min(commands * 2, MAX_PUSH_COMMANDS)
    bytes = Math.min(bytes * 2, BYTES_AT_MOST)
    return results.flatMap(({ documents }) => documents.map(({ seq }) => seq))
  }

  return {
    async sendNext() {
      isSending = true
      isAskedAnew = false
      try {
        return await send()
      } finally {
        isSending = false
      }
    },
    retryHeld() {
      includeHeld = true
      afterSeq = 0
      isAskedAnew = true
    },
    isSending: () => isSending,
  }
}

/** A server that lost what these commands stand on must not judge them before it has that again. */
function epochHeader({ file }: ReplicaCore): Record<string, string> {
  const checkpoint = file.meta.get('checkpoint')
  return checkpoint === null ? {} : { [EPOCH_HEADER]: checkpoint.epoch }
}

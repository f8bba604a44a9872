import { AppError } from '#shared/errors.ts'
import { MAX_PULL_DOCUMENTS, PROTOCOL_VERSION, PullResponse } from '#shared/protocol.ts'
import { applyPage, beginReseed, type PulledPage } from '../replica/apply-answers.ts'
import { verifyEntitlement } from '../replica/entitlement-proof.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 60_000

export interface Pulled {
  readonly seq: number
  readonly head: number
  readonly upToDate: boolean
  /** The subscription is another than before. */
  readonly subscriptionChanged: boolean
}

/**
 * Asks for the next page of the feed and applies it with its checkpoint.
 *
 * @throws AppError when the line or the server failed, or BAD_SIGNATURE for an entitlement that no
 *   pinned key signed; then nothing was applied
 */
export async function pullPage(core: ReplicaCore, door: StationDoor): Promise<Pulled> {
  const { file } = core
  const checkpoint = file.meta.get('checkpoint')
  const sent = core.clock.monotonic()
  let answer: PullResponse
  try {
    answer = await door.post({
      path: '/v1/pull',
      body: {
        protocol: PROTOCOL_VERSION,
        checkpoint,
        limit: MAX_PULL_DOCUMENTS,
        // Read when the request is made: what comes later has seen no less than this checkpoint.
        lastCommand: file.counters.value('outbox'),
      },
      answer: PullResponse,
      timeoutMs: TIMEOUT_MS,
    })
  } catch (error) {
    if (error instanceof AppError && error.code === 'RESEED' && checkpoint !== null) {
      beginReseed(core)
      return { seq: 0, head: 1, upToDate: false, subscriptionChanged: false }
    }
    throw error
  }
  core.clock.heard(answer.serverTime, sent)
  const stands = answer.checkpoint.seq === checkpoint?.seq
  if (stands && !answer.upToDate) throw new AppError('UNAVAILABLE', { seq: answer.checkpoint.seq })
  const before = JSON.stringify(core.entitlement?.subscription)
  const entitlement = await readEntitlement(core, answer.entitlement)
  applyPage(core, {
    documents: answer.documents,
    checkpoint: answer.checkpoint,
    upToDate: answer.upToDate,
    entitlement,
    contacts: answer.stations,
  })
  return {
    seq: answer.checkpoint.seq,
    head: Math.max(answer.head, answer.checkpoint.seq),
    upToDate: answer.upToDate,
    subscriptionChanged: JSON.stringify(core.entitlement?.subscription) !== before,
  }
}

/** Null when it is the statement already held, or an older one. */
async function readEntitlement(core: ReplicaCore, jws: string): Promise<PulledPage['entitlement']> {
  if (jws === core.file.meta.get('entitlement')) return null
  const stated = await verifyEntitlement(jws, core.identity)
  const held = core.entitlement
  return held !== null && Date.parse(stated.issuedAt) < Date.parse(held.issuedAt)
    ? null
    : { jws, stated }
}

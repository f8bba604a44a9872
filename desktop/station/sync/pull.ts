import { setImmediate } from 'node:timers/promises'
import { AppError } from '#shared/errors.ts'
import {
  type Checkpoint,
  type FeedDocument,
  MAX_PULL_DOCUMENTS,
  PROTOCOL_VERSION,
  PullResponse,
} from '#shared/protocol.ts'
import { applyPage, beginReseed, type PulledPage } from '../replica/apply-answers.ts'
import { verifyEntitlement } from '../replica/entitlement-proof.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 60_000
/** Documents to a transaction: whoever checks a patient in waits for no longer than that. */
const SLICE = 500

export interface Pulled {
  readonly seq: number
  readonly head: number
  readonly upToDate: boolean
  /** The subscription is another than before. */
  readonly subscriptionChanged: boolean
}

/** Brings the feed in, page by page. */
export interface Pull {
  /**
   * Applies the next page, slice by slice, each with its checkpoint, and has the page after it sent
   * meanwhile. Commands may come between slices.
   *
   * @throws AppError when the line or the server failed, or BAD_SIGNATURE for an entitlement that no
   *   pinned key signed; then nothing was applied
   */
  next(): Promise<Pulled>
  /** Forgets a page that is on its way: it would be older than what comes in before it. */
  forget(): void
}

interface Request {
  /** The checkpoint asked from; JSON, to be compared. */
  readonly from: string
  readonly sent: number
  readonly answer: Promise<PullResponse>
}

export function openPull(core: ReplicaCore, door: StationDoor): Pull {
  const { file } = core
  let ahead: Request | null = null

  function request(checkpoint: Checkpoint | null): Request {
    const answer = door.post({
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
    // Whoever asks for it hears of its failure; a page that was forgotten may fail unheard.
    answer.catch(() => null)
    return { from: JSON.stringify(checkpoint), sent: core.clock.monotonic(), answer }
  }

  return {
    async next() {
      const checkpoint = file.meta.get('checkpoint')
      const taken = ahead?.from === JSON.stringify(checkpoint) ? ahead : request(checkpoint)
      ahead = null
      let answer: PullResponse
      try {
        answer = await taken.answer
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'RESEED' || checkpoint === null)
          throw error
        beginReseed(core)
        return { seq: 0, head: 1, upToDate: false, subscriptionChanged: false }
      }
      core.clock.heard(answer.serverTime, taken.sent)
      const stands = answer.checkpoint.seq === checkpoint?.seq
      if (stands && !answer.upToDate) {
        throw new AppError('UNAVAILABLE', { seq: answer.checkpoint.seq })
      }
      const before = JSON.stringify(core.entitlement?.subscription)
      const entitlement = await readEntitlement(core, answer.entitlement)
      const slices = slicesOf(answer.documents)
      for (const [index, documents] of slices.entries()) {
        const isLast = index === slices.length - 1
        const end = isLast ? null : documents.at(-1)
        // In one breath with applying the last: a command made in between would not have seen it.
        if (isLast && !answer.upToDate) ahead = request(answer.checkpoint)
        applyPage(core, {
          documents,
          checkpoint: { ...answer.checkpoint, seq: end?.seq ?? answer.checkpoint.seq },
          upToDate: isLast && answer.upToDate,
          entitlement: index === 0 ? entitlement : null,
          contacts: answer.stations,
        })
        // What the desk asked for meanwhile goes first.
        if (!isLast) await setImmediate()
      }
      return {
        seq: answer.checkpoint.seq,
        head: Math.max(answer.head, answer.checkpoint.seq),
        upToDate: answer.upToDate,
        subscriptionChanged: JSON.stringify(core.entitlement?.subscription) !== before,
      }
    },
    forget: () => void (ahead = null),
  }
}

/** In the feed's order, so that each ends at a checkpoint of its own; an empty page is one too. */
function slicesOf(documents: readonly FeedDocument[]): FeedDocument[][] {
  const inOrder = documents.toSorted((a, b) => a.seq - b.seq)
  const slices: FeedDocument[][] = []
  for (let from = 0; from < Math.max(inOrder.length, 1); from += SLICE) {
    slices.push(inOrder.slice(from, from + SLICE))
  }
  return slices
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

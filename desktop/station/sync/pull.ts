import { setImmediate } from 'node:timers/promises'
import { AppError } from '#shared/errors.ts'
import {
  type Checkpoint,
  MAX_PULL_DOCUMENTS,
  type OfferedPage,
  PROTOCOL_VERSION,
  PullResponse,
} from '#shared/protocol.ts'
import { applyPage, beginReseed, type PulledPage } from '../replica/apply-answers.ts'
import { verifyEntitlement } from '../replica/entitlement-proof.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import { letDeskGoFirst } from './desk-first.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 60_000
/**
 * A slice is one transaction, and whoever checks a patient in waits for it: about so many milliseconds.
 * How many documents that is, the machine says: with each page of the file that more of them share, a
 * first sync writes less.
 */
const SLICE_MS = 40
const SLICE = { first: 500, least: 100, most: 2_000 }

export interface Pulled {
  readonly seq: number
  readonly head: number
  readonly upToDate: boolean
  /** The subscription is another than before. */
  readonly subscriptionChanged: boolean
}

/** A page with the feed number at its end. */
export interface Offer extends OfferedPage {
  readonly head: number
}

/** Brings the feed in, page by page. */
export interface Pull {
  /**
   * Applies the next page, slice by slice, each with its checkpoint, while the page after it is on its
   * way. Commands may come between slices.
   *
   * @throws AppError when the line or the server failed, or BAD_SIGNATURE for an entitlement that no
   *   pinned key signed; then nothing was applied
   */
  next(): Promise<Pulled>
  /**
   * Applies a page that came with the news of it, if it follows what is here.
   * @returns whether it did
   */
  accept(offer: Offer): Promise<boolean>
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
  let sliceSize = SLICE.first

  function request(checkpoint: Checkpoint | null, commandsMeanwhile: number): Request {
    const answer = door.post({
      path: '/v1/pull',
      body: {
        protocol: PROTOCOL_VERSION,
        checkpoint,
        limit: MAX_PULL_DOCUMENTS,
        // Read when the request is made: what comes later has seen no less than this checkpoint.
        lastCommand: file.counters.value('outbox') + commandsMeanwhile,
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
      const taken = ahead?.from === JSON.stringify(checkpoint) ? ahead : request(checkpoint, 0)
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
      await letDeskGoFirst(core)
      const before = JSON.stringify(core.entitlement?.subscription)
      const entitlement = await readEntitlement(core, answer.entitlement)
      // The server works on the next page while this one is applied: alone, each would wait for the other.
      if (!answer.upToDate) ahead = request(answer.checkpoint, COMMANDS_WITHIN_A_PAGE)
      // In the feed's order, so that each slice ends at a checkpoint of its own; an empty page is one too.
      const inOrder = answer.documents.toSorted((a, b) => a.seq - b.seq)
      for (let from = 0, isLast = false; !isLast;) {
        const documents = inOrder.slice(from, from + sliceSize)
        const isFirst = from === 0
        from += sliceSize
        isLast = from >= inOrder.length
        const end = isLast ? null : documents.at(-1)
        const start = core.clock.monotonic()
        applyPage(core, {
          documents,
          checkpoint: { ...answer.checkpoint, seq: end?.seq ?? answer.checkpoint.seq },
          upToDate: isLast && answer.upToDate,
          entitlement: isFirst ? entitlement : null,
          contacts: answer.stations,
        })
        if (!isLast) sliceSize = nextSize(sliceSize, core.clock.monotonic() - start)
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
    async accept({ epoch, after, head, documents }) {
      await letDeskGoFirst(core)
      const checkpoint = file.meta.get('checkpoint')
      const follows = checkpoint?.epoch === epoch && checkpoint.seq === after
      // In the middle of a new beginning the end of a page is not the end of all.
      if (!follows || file.meta.get('reseeding') !== null) return false
      ahead = null
      applyPage(core, {
        documents,
        checkpoint: { ...checkpoint, seq: head },
        upToDate: true,
        entitlement: null,
        contacts: file.meta.get('contacts') ?? [],
      })
      return true
    },
    forget: () => void (ahead = null),
  }
}

/** What is made while a page is applied has not seen all of it; of a desk's commands that is one or two. */
const COMMANDS_WITHIN_A_PAGE = 1_000

function nextSize(size: number, ms: number): number {
  return Math.round(Math.min(Math.max((size * SLICE_MS) / ms, SLICE.least), SLICE.most))
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

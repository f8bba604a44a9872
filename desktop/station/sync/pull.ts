import { AppError } from '#shared/errors.ts'
import {
  type Checkpoint,
  MAX_PULL_DOCUMENTS,
  type OfferedPage,
  PROTOCOL_VERSION,
  PullResponse,
} from '#shared/protocol.ts'
import { verifyEntitlement } from '../replica/entitlement-proof.ts'
import { applyPage, type PulledPage } from '../replica/pulled-pages.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import { beginReseed } from '../replica/reseed.ts'
import { letDeskGoFirst } from './desk-first.ts'
import type { ApplySlices } from './slices.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 60_000

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
   * way. Commands may come between slices. A new desk's first is its day; `history` follows.
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

export function openPull(core: ReplicaCore, door: StationDoor, applySlices: ApplySlices): Pull {
  const { file } = core
  let ahead: Request | null = null

  /** A desk that knows nothing of its clinic yet begins with what it needs today. */
  const isNew = (checkpoint: Checkpoint | null): boolean =>
    checkpoint === null && !file.directory.isOpen()

  function request(checkpoint: Checkpoint | null, commandsMeanwhile: number): Request {
    const answer = door.post({
      path: '/v1/pull',
      body: {
        protocol: PROTOCOL_VERSION,
        checkpoint,
        limit: MAX_PULL_DOCUMENTS,
        // Read when the request is made: what comes later has seen no less than this checkpoint.
        lastCommand: file.counters.value('outbox') + commandsMeanwhile,
        ...(isNew(checkpoint) ? { part: { is: 'TODAY' } } : {}),
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
      const begins = isNew(checkpoint)
      await applySlices(inOrder, (documents, isFirst, isLast) => {
        const end = isLast ? answer.checkpoint.seq : (documents.at(-1)?.seq ?? 0)
        applyPage(core, {
          documents,
          // A day is no stretch of the feed: it is here whole, or not yet.
          checkpoint: begins && !isLast ? null : { ...answer.checkpoint, seq: end },
          historyFrom: begins && isLast ? end + 1 : null,
          upToDate: isLast && answer.upToDate,
          entitlement: isFirst ? entitlement : null,
          contacts: answer.stations,
        })
      })
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
        historyFrom: null,
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

/** Null when it is the statement already held, or an older one. */
async function readEntitlement(core: ReplicaCore, jws: string): Promise<PulledPage['entitlement']> {
  if (jws === core.file.meta.get('entitlement')) return null
  const stated = await verifyEntitlement(jws, core.identity)
  const held = core.entitlement
  return held !== null && Date.parse(stated.issuedAt) < Date.parse(held.issuedAt)
    ? null
    : { jws, stated }
}

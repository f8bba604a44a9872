import { AppError } from '#shared/errors.ts'
import { MAX_PULL_DOCUMENTS, PROTOCOL_VERSION, PullResponse } from '#shared/protocol.ts'
import { applyHistory } from '../replica/pulled-pages.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import { letDeskGoFirst } from './desk-first.ts'
import type { ApplySlices } from './slices.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 60_000
/** A page is about so long on its way, milliseconds: on a thin line what is new must get past it. */
const PAGE_MS = 700
const PAGE = { first: 1_000, least: 200, most: MAX_PULL_DOCUMENTS, growth: 4 }

/** Feed numbers gone through and to go through. */
export interface HistoryProgress {
  readonly done: number
  readonly total: number
}

/**
 * What a new desk has not got yet, fetched behind its day's work, the latest first. What is new comes
 * meanwhile by the feed.
 */
export interface History {
  /** Null: nothing is missing. */
  progress(): HistoryProgress | null
  /** Asks for the next page, if one is missing and none is on its way. `arrived`: it can be applied. */
  ask(arrived: () => void): void
  /**
   * Applies the page that has arrived.
   *
   * @returns STALE: the feed is another than it was, as the next pull will say
   * @throws AppError when the line or the server failed
   */
  apply(): Promise<'NOTHING' | 'APPLIED' | 'STALE'>
  forget(): void
}

interface Page {
  readonly before: number
  readonly answer: Promise<PullResponse>
  /** How long it was on its way, milliseconds; null: it still is. */
  took: number | null
}

export function openHistory(
  core: ReplicaCore,
  door: StationDoor,
  applySlices: ApplySlices,
): History {
  const { meta, counters } = core.file
  let page: Page | null = null
  let limit = PAGE.first

  function request(before: number, arrived: () => void): Page {
    const sent = core.clock.monotonic()
    const answer = door.post({
      path: '/v1/pull',
      body: {
        protocol: PROTOCOL_VERSION,
        checkpoint: meta.get('checkpoint'),
        limit,
        lastCommand: counters.value('outbox'),
        part: { is: 'HISTORY', before },
      },
      answer: PullResponse,
      timeoutMs: TIMEOUT_MS,
    })
    const asked: Page = { before, answer, took: null }
    const settle = (): void => {
      asked.took = core.clock.monotonic() - sent
      arrived()
    }
    answer.then(settle, settle)
    return asked
  }

  let tellArrived: () => void = () => undefined
  return {
    progress() {
      const history = meta.get('history')
      if (history === null) return null
      return { done: history.from - history.before, total: history.from - 1 }
    },
    ask(arrived) {
      tellArrived = arrived
      if (page !== null) return
      const before = meta.get('history')?.before
      if (before !== undefined) page = request(before, arrived)
    },
    async apply() {
      const took = page?.took ?? null
      if (page === null || took === null) return 'NOTHING'
      const { before, answer } = page
      page = null
      let came: PullResponse
      try {
        came = await answer
      } catch (error) {
        if (error instanceof AppError && error.code === 'RESEED') return 'STALE'
        throw error
      }
      const { documents, checkpoint, upToDate, head } = came
      if (!upToDate && checkpoint.seq >= before) {
        throw new AppError('UNAVAILABLE', { seq: checkpoint.seq })
      }
      // Asked for before the replica began anew: of a feed that may be over.
      if (meta.get('history')?.before !== before) return 'APPLIED'
      // Read before something was removed that may be in it, and that was never here to be removed.
      if (core.removedAt > head) return 'APPLIED'
      limit = nextLimit(limit, took)
      await letDeskGoFirst(core)
      if (!upToDate) page = request(checkpoint.seq, tellArrived)
      const inOrder = documents.toSorted((a, b) => b.seq - a.seq)
      await applySlices(inOrder, (slice, _isFirst, isLast) => {
        const end = isLast ? checkpoint.seq : (slice.at(-1)?.seq ?? checkpoint.seq)
        // Within a transaction in the order they were made, in which the file's trees grow by whole pages.
        applyHistory(core, slice.toReversed(), end)
      })
      return 'APPLIED'
    },
    forget: () => void (page = null),
  }
}

function nextLimit(limit: number, took: number): number {
  const fitting = Math.min((limit * PAGE_MS) / Math.max(took, 1), limit * PAGE.growth)
  return Math.round(Math.min(Math.max(fitting, PAGE.least), PAGE.most))
}

import { applyPatch } from '#desktop/station/contract/view-patch.ts'
import { QUERIES, type QueryName, type QueryView } from '#desktop/station/contract/queries.ts'
import { refusal, type ErrorCode, type ErrorDetails, type Refusal } from '#shared/errors.ts'
import { keepEqual } from './keep-equal.ts'

/** The last view that came; it stays while the station restarts. */
export interface WatchState<Q extends QueryName> {
  view: QueryView<Q> | null
  refused: Refusal | null
}

export interface Watch {
  key: string
  query: QueryName
  params: unknown
  /** Its request at the present port. */
  id: number
  state: WatchState<QueryName>
  listeners: Set<() => void>
  receive: (view: unknown) => void
  /** What changed of the view that came last. @returns false: of another than this has */
  receivePatch: (patch: unknown) => boolean
  refuse: (code: ErrorCode, details: ErrorDetails) => void
}

export function makeWatch(key: string, query: QueryName, params: unknown): Watch {
  const change = (state: WatchState<QueryName>): void => {
    watch.state = state
    for (const listener of watch.listeners) listener()
  }
  /** As it came, for the next patch. */
  let last: unknown = null
  const watch: Watch = {
    key,
    query,
    params,
    id: 0,
    state: { view: null, refused: null },
    listeners: new Set(),
    receive(view) {
      last = view
      const parsed = QUERIES[query].view.safeParse(view)
      if (!parsed.success) {
        change({ ...watch.state, refused: refusal('INTERNAL') })
        return
      }
      const kept = keepEqual(watch.state.view, parsed.data)
      if (kept === watch.state.view && watch.state.refused === null) return
      change({ view: kept, refused: null })
    },
    receivePatch(patch) {
      let view: unknown
      try {
        view = applyPatch(last, patch)
      } catch {
        return false
      }
      watch.receive(view)
      return true
    },
    refuse: (code, details) => change({ ...watch.state, refused: refusal(code, details) }),
  }
  return watch
}

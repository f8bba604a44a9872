import { useRef } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { useWatch } from '../station-client/station-context.tsx'

const HITS_SHOWN = 8

export interface SearchState {
  /** What to show: the last answer stays until the next is here. */
  shown: QueryView<'search'> | null
  /** Whether `shown` answers the present text. */
  fresh: boolean
}

export function useSearch(typed: string): SearchState {
  const text = typed.trim()
  const { view } = useWatch('search', text === '' ? null : { text, limit: HITS_SHOWN })
  const last = useRef<QueryView<'search'> | null>(null)
  if (text === '') last.current = null
  else if (view !== null) last.current = view
  return { shown: last.current, fresh: view !== null }
}

import {
  createContext,
  use,
  useCallback,
  useMemo,
  useSyncExternalStore,
  type ReactNode,
} from 'react'
import type { QueryName, QueryParams } from '#desktop/station/contract/queries.ts'
import type { StationClient } from './station-client.ts'
import type { WatchState } from './watch.ts'

const StationContext = createContext<StationClient | null>(null)

export function StationProvider(props: { client: StationClient; children: ReactNode }) {
  return <StationContext value={props.client}>{props.children}</StationContext>
}

export function useStation(): StationClient {
  const client = use(StationContext)
  if (client === null) throw new Error('outside of a StationProvider')
  return client
}

export function useConnected(): boolean {
  const client = useStation()
  return useSyncExternalStore(client.onConnectionChange, client.isConnected)
}

const IDLE = { view: null, refused: null }
const neverChanges = () => () => undefined
const idle = () => IDLE

/**
 * The live view of a query; null parameters watch nothing. Equal parameters share one watch, and
 * the parts of a view that did not change stay the same objects.
 */
export function useWatch<Q extends QueryName>(
  query: Q,
  params: QueryParams<Q> | null,
): WatchState<Q> {
  const client = useStation()
  const key = params === null ? null : JSON.stringify(params)
  const handle = useMemo(
    // The key is the parameters: an equal object made anew is not a new watch.
    () => (key === null ? null : client.watch(query, JSON.parse(key) as QueryParams<Q>)),
    [client, query, key],
  )
  return useSyncExternalStore(handle?.subscribe ?? neverChanges, handle?.state ?? idle)
}

export function useAct(): StationClient['act'] {
  const client = useStation()
  return useCallback((name, input) => client.act(name, input), [client])
}

import {
  ACTIONS,
  type ActionInput,
  type ActionName,
  type ActionOutput,
} from '#desktop/station/contract/actions.ts'
import { FromStation, type ToStation } from '#desktop/station/contract/messages.ts'
import type { ContractPort } from '#desktop/station/contract/port.ts'
import type { QueryName, QueryParams } from '#desktop/station/contract/queries.ts'
import { refusal, type Refusal } from '#shared/errors.ts'
import type { ContractLine } from './contract-line.ts'
import { makeWatch, type Watch, type WatchState } from './watch.ts'

export type ActResult<A extends ActionName> = { ok: true; output: ActionOutput<A> } | Refusal

export interface StationClient {
  act: <A extends ActionName>(name: A, input: ActionInput<A>) => Promise<ActResult<A>>
  /** The shared watch of a query with these parameters; it runs while it has a subscriber. */
  watch: <Q extends QueryName>(query: Q, params: QueryParams<Q>) => WatchHandle<Q>
  isConnected: () => boolean
  onConnectionChange: (listener: () => void) => () => void
}

export interface WatchHandle<Q extends QueryName> {
  state: () => WatchState<Q>
  subscribe: (listener: () => void) => () => void
}

/** How long an act waits for a station that is restarting. It was not sent yet: waiting is safe. */
const PORT_PATIENCE_MS = 4_000

interface PendingAct {
  sent: boolean
  message: ToStation
  settle: (answer: { ok: true; output: unknown } | Refusal) => void
}

export function makeStationClient(line: ContractLine): StationClient {
  let port: ContractPort | null = null
  let lastId = 0
  const acts = new Map<number, PendingAct>()
  const watches = new Map<string, Watch>()
  const watchesById = new Map<number, Watch>()
  const connectionListeners = new Set<() => void>()

  const nextId = (): number => (lastId += 1)
  const announce = (): void => {
    for (const listener of connectionListeners) listener()
  }

  const beginWatch = (watch: Watch): void => {
    if (port === null) return
    watch.id = nextId()
    watchesById.set(watch.id, watch)
    send({ type: 'watch', id: watch.id, query: watch.query, params: watch.params, patches: true })
  }
  const endWatch = (watch: Watch): void => {
    watchesById.delete(watch.id)
    if (port !== null) send({ type: 'unwatch', id: watch.id })
    watches.delete(watch.key)
  }
  const watchAnew = (watch: Watch): void => {
    watchesById.delete(watch.id)
    send({ type: 'unwatch', id: watch.id })
    beginWatch(watch)
  }
  const send = (message: ToStation): void => port?.send(message)
  const sendAct = (act: PendingAct): void => {
    if (port === null || act.sent) return
    act.sent = true
    port.send(act.message)
  }

  const receive = (message: unknown): void => {
    const parsed = FromStation.safeParse(message)
    if (!parsed.success) return
    const { data } = parsed
    if (data.type === 'view') {
      watchesById.get(data.id)?.receive(data.view)
      return
    }
    if (data.type === 'patch') {
      const watch = watchesById.get(data.id)
      if (watch?.receivePatch(data.patch) === false) watchAnew(watch)
      return
    }
    const watch = watchesById.get(data.id)
    if (watch !== undefined && data.type === 'refused') watch.refuse(data.code, data.details)
    const act = acts.get(data.id)
    acts.delete(data.id)
    if (data.type === 'done') act?.settle({ ok: true, output: data.output })
    else act?.settle(refusal(data.code, data.details))
  }

  const lose = (lost: ContractPort): void => {
    if (port !== lost) return
    port = null
    // What was sent may or may not have been done: the views will tell. What was not, waits.
    for (const [id, act] of acts) {
      if (!act.sent) continue
      acts.delete(id)
      act.settle(refusal('UNAVAILABLE'))
    }
    announce()
  }

  line.open((fresh) => {
    if (port !== null) lose(port)
    port = fresh
    fresh.onMessage((message) => {
      if (port === fresh) receive(message)
    })
    fresh.onClose(() => lose(fresh))
    watchesById.clear()
    for (const watch of watches.values()) beginWatch(watch)
    for (const act of acts.values()) sendAct(act)
    announce()
  })

  return {
    async act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActResult<A>> {
      const id = nextId()
      const { promise, resolve } = Promise.withResolvers<{ ok: true; output: unknown } | Refusal>()
      const act: PendingAct = {
        sent: false,
        message: { type: 'act', id, name, input },
        settle: resolve,
      }
      acts.set(id, act)
      sendAct(act)
      setTimeout(() => {
        if (act.sent || !acts.delete(id)) return
        resolve(refusal('UNAVAILABLE'))
      }, PORT_PATIENCE_MS)
      const answer = await promise
      if (!answer.ok) return answer
      const output = ACTIONS[name].output.safeParse(answer.output)
      if (!output.success) return refusal('INTERNAL')
      // The schema was chosen by the same name as the type.
      return { ok: true, output: output.data as ActionOutput<A> }
    },
    watch<Q extends QueryName>(query: Q, params: QueryParams<Q>): WatchHandle<Q> {
      const key = `${query} ${JSON.stringify(params)}`
      return {
        state: () => stateOf<Q>(watches.get(key)),
        subscribe(listener) {
          const known = watches.get(key)
          const watch = known ?? makeWatch(key, query, params)
          if (known === undefined) {
            watches.set(key, watch)
            beginWatch(watch)
          }
          watch.listeners.add(listener)
          return () => {
            watch.listeners.delete(listener)
            if (watch.listeners.size === 0) endWatch(watch)
          }
        },
      }
    },
    isConnected: () => port !== null,
    onConnectionChange(listener) {
      connectionListeners.add(listener)
      return () => connectionListeners.delete(listener)
    },
  }
}

const NOTHING_YET = { view: null, refused: null }

function stateOf<Q extends QueryName>(watch: Watch | undefined): WatchState<Q> {
  // Found by a key that names the query, so the state is that query's.
  return watch === undefined ? NOTHING_YET : watch.state
}

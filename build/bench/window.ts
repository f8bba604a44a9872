import { MessageChannel } from 'node:worker_threads'
import { WebSocket } from 'ws'
import type { ActionInput, ActionName, ActionOutput } from '#desktop/station/contract/actions.ts'
import { FromStation, type ToStation } from '#desktop/station/contract/messages.ts'
import type { ContractPort } from '#desktop/station/contract/port.ts'
import type { QueryName, QueryParams, QueryView } from '#desktop/station/contract/queries.ts'
import { CONTRACT_WEBSOCKET_PATH } from '#desktop/station/contract/shell.ts'
import { applyPatch } from '#desktop/station/contract/view-patch.ts'
import { AppError } from '#shared/errors.ts'
import { within } from './samples.ts'

/** Longer than a first sync takes on a busy machine. */
const PATIENCE_SECONDS = 120

/** A station as a window sees it. Views and outputs are taken as they come: the station is ours. */
export interface BenchWindow {
  /** @throws AppError when the station refuses */
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>>
  /** @returns how to end it */
  watch<Q extends QueryName>(
    query: Q,
    params: QueryParams<Q>,
    onView: (view: QueryView<Q>) => void,
  ): () => void
  /** The first view that is so. */
  until<Q extends QueryName>(
    query: Q,
    params: QueryParams<Q>,
    isSo: (view: QueryView<Q>) => boolean,
  ): Promise<QueryView<Q>>
  close(): void
}

interface Line {
  send(message: ToStation): void
  close(): void
}

type Answer = Exclude<FromStation, { type: 'view' | 'patch' }>

function openWindow(connect: (receive: (message: unknown) => void) => Line): BenchWindow {
  let lastId = 0
  let isClosed = false
  const acts = new Map<number, (answer: Answer) => void>()
  const watches = new Map<
    number,
    {
      receive: (view: unknown) => void
      receivePatch: (patch: unknown) => void
      refuse: (e: Error) => void
    }
  >()

  const line = connect((message) => {
    // A station that closes locks first, and refuses what is still watched.
    if (isClosed) return
    const parsed = FromStation.parse(message)
    if (parsed.type === 'view') {
      watches.get(parsed.id)?.receive(parsed.view)
      return
    }
    if (parsed.type === 'patch') {
      watches.get(parsed.id)?.receivePatch(parsed.patch)
      return
    }
    acts.get(parsed.id)?.(parsed)
    acts.delete(parsed.id)
    if (parsed.type === 'refused') {
      watches.get(parsed.id)?.refuse(new AppError(parsed.code, parsed.details))
    }
  })

  function watch<Q extends QueryName>(
    query: Q,
    params: QueryParams<Q>,
    { receive, refuse }: { receive: (view: QueryView<Q>) => void; refuse: (error: Error) => void },
  ): () => void {
    const id = (lastId += 1)
    let last: unknown = null
    const take = (view: unknown): void => {
      last = view
      // The station answers a query with that query's view.
      receive(view as QueryView<Q>)
    }
    watches.set(id, {
      receive: take,
      receivePatch: (patch) => take(applyPatch(last, patch)),
      refuse,
    })
    line.send({ type: 'watch', id, query, params, patches: true })
    return () => {
      watches.delete(id)
      line.send({ type: 'unwatch', id })
    }
  }

  return {
    act<A extends ActionName>(name: A, input: ActionInput<A>) {
      const id = (lastId += 1)
      const { promise, resolve, reject } = Promise.withResolvers<ActionOutput<A>>()
      acts.set(id, (answer) => {
        // The station answers an action with that action's output.
        if (answer.type === 'done') resolve(answer.output as ActionOutput<A>)
        else reject(new AppError(answer.code, { ...answer.details, action: name }))
      })
      line.send({ type: 'act', id, name, input })
      return within(promise, PATIENCE_SECONDS, `the answer to ${name}`)
    },
    watch: (query, params, onView) =>
      watch(query, params, {
        receive: onView,
        // A watch that ends would leave the figure waiting for ever.
        refuse(error) {
          throw error
        },
      }),
    until(query, params, isSo) {
      const { promise, resolve, reject } = Promise.withResolvers<QueryView<typeof query>>()
      const end = watch(query, params, {
        receive(view) {
          if (isSo(view)) resolve(view)
        },
        refuse: reject,
      })
      return within(promise, PATIENCE_SECONDS, `the awaited view of ${query}`).finally(end)
    },
    close() {
      isClosed = true
      line.close()
    },
  }
}

/** A window in this process, over a MessagePort as in Electron. */
export function windowOf(station: { connect(port: ContractPort): void }): BenchWindow {
  return openWindow((receive) => {
    const { port1, port2 } = new MessageChannel()
    station.connect({
      send: (message) => port2.postMessage(message),
      onMessage: (listener) => void port2.on('message', listener),
      onClose: (listener) => void port2.on('close', listener),
    })
    port1.on('message', receive)
    return { send: (message) => port1.postMessage(message), close: () => port1.close() }
  })
}

/** A window at a development host, over its WebSocket. @param url with the token, as it printed it */
export async function windowAt(url: string): Promise<BenchWindow> {
  const { origin } = new URL(url)
  const admission = await fetch(url, { redirect: 'manual' })
  const cookie = admission.headers.get('set-cookie')?.split(';')[0]
  if (cookie === undefined) throw new Error('the host did not let us in')
  const socket = new WebSocket(origin.replace('http', 'ws') + CONTRACT_WEBSOCKET_PATH, {
    headers: { cookie, origin },
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return openWindow((receive) => {
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) receive(JSON.parse(data.toString()))
    })
    return {
      send: (message) => socket.send(JSON.stringify(message)),
      close: () => socket.close(),
    }
  })
}

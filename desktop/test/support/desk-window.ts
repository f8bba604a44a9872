import { once } from 'node:events'
import { WebSocket } from 'ws'
import { FromStation, type ToStation } from '#desktop/station/contract/messages.ts'
import {
  type ActionInput,
  type ActionName,
  type ActionOutput,
  ACTIONS,
} from '#desktop/station/contract/actions.ts'
import {
  QUERIES,
  type QueryName,
  type QueryParams,
  type QueryView,
} from '#desktop/station/contract/queries.ts'
import type { SessionView } from '#desktop/station/contract/session-view.ts'
import { CONTRACT_WEBSOCKET_PATH } from '#desktop/station/contract/shell.ts'

/** A window without a screen: does at a desk what a person would, through the same contract. */
export interface DeskWindow {
  /** @throws Error whose message is `action: CODE` */
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>>
  /** Resolves with the first view of the query that is accepted. */
  until<Q extends QueryName>(
    query: Q,
    params: QueryParams<Q>,
    accept: (view: QueryView<Q>) => boolean,
  ): Promise<QueryView<Q>>
  /** Resolves once the session is in one of these states. */
  sessionIs(...statuses: Array<SessionView['status']>): Promise<SessionView['status']>
  close(): void
}

/** @param url of the development host, with its token */
export async function openDeskWindow(url: string): Promise<DeskWindow> {
  const socket = await openSocket(url)
  const answers = new Map<number, (message: FromStation) => void>()
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => undefined)
  socket.once('close', () => ended.reject(new Error('the station closed the line')))
  socket.on('message', (data) => {
    const message = FromStation.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString() : ''))
    answers.get(message.id)?.(message)
  })
  let lastId = 0
  const send = (message: ToStation) => socket.send(JSON.stringify(message))

  function act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>> {
    const id = (lastId += 1)
    const { promise, resolve, reject } = Promise.withResolvers<ActionOutput<A>>()
    answers.set(id, (message) => {
      answers.delete(id)
      if (message.type === 'refused') reject(new Error(`${name}: ${message.code}`))
      // The schema of this action's output: the type follows from the name, which the compiler cannot see.
      else if (message.type === 'done')
        resolve(ACTIONS[name].output.parse(message.output) as ActionOutput<A>)
    })
    send({ type: 'act', id, name, input })
    return Promise.race([promise, ended.promise])
  }

  function until<Q extends QueryName>(
    query: Q,
    params: QueryParams<Q>,
    accept: (view: QueryView<Q>) => boolean,
  ): Promise<QueryView<Q>> {
    const id = (lastId += 1)
    const { promise, resolve, reject } = Promise.withResolvers<QueryView<Q>>()
    answers.set(id, (message) => {
      if (message.type === 'refused') reject(new Error(`${query}: ${message.code}`))
      if (message.type !== 'view') return
      // As above: the view's type follows from the query's name.
      const view = QUERIES[query].view.parse(message.view) as QueryView<Q>
      if (!accept(view)) return
      answers.delete(id)
      send({ type: 'unwatch', id })
      resolve(view)
    })
    send({ type: 'watch', id, query, params })
    return Promise.race([promise, ended.promise])
  }

  return {
    act,
    until,
    async sessionIs(...statuses) {
      const view = await until('session', {}, ({ status }) => statuses.includes(status))
      return view.status
    },
    close: () => socket.close(),
  }
}

async function openSocket(url: string): Promise<WebSocket> {
  const { origin } = new URL(url)
  const signIn = await fetch(url, { redirect: 'manual' })
  const cookie = signIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const address = origin.replace('http:', 'ws:') + CONTRACT_WEBSOCKET_PATH
  const socket = new WebSocket(address, { headers: { cookie, origin } })
  await once(socket, 'open')
  return socket
}

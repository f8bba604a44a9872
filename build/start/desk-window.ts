import { once } from 'node:events'
import { WebSocket } from 'ws'
import { FromStation, type ToStation } from '#desktop/station/contract/messages.ts'
import type { ActionInput, ActionName } from '#desktop/station/contract/actions.ts'
import { SessionView } from '#desktop/station/contract/queries.ts'
import { CONTRACT_WEBSOCKET_PATH } from '#desktop/station/contract/shell.ts'

/** A window without a screen: does at a desk what a person would, through the same contract. */
export interface DeskWindow {
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<void>
  /** Resolves once the session is in one of these states. */
  sessionIs(...statuses: Array<SessionView['status']>): Promise<SessionView['status']>
  /** @param reason for which what is still asked for fails */
  close(reason?: Error): void
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

  return {
    act(name, input) {
      const id = (lastId += 1)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      answers.set(id, (message) => {
        answers.delete(id)
        if (message.type === 'refused') reject(new Error(`${name}: ${message.code}`))
        else resolve()
      })
      send({ type: 'act', id, name, input })
      return Promise.race([promise, ended.promise])
    },
    sessionIs(...statuses) {
      const id = (lastId += 1)
      const { promise, resolve, reject } = Promise.withResolvers<SessionView['status']>()
      answers.set(id, (message) => {
        if (message.type === 'refused') reject(new Error(`session: ${message.code}`))
        if (message.type !== 'view') return
        const { status } = SessionView.parse(message.view)
        if (!statuses.includes(status)) return
        answers.delete(id)
        send({ type: 'unwatch', id })
        resolve(status)
      })
      send({ type: 'watch', id, query: 'session', params: {} })
      return Promise.race([promise, ended.promise])
    },
    close(reason) {
      if (reason) ended.reject(reason)
      socket.close()
    },
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

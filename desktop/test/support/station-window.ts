import type { ActionInput, ActionName, ActionOutput } from '#desktop/station/contract/actions.ts'
import { FromStation } from '#desktop/station/contract/messages.ts'
import type { QueryName, QueryParams, QueryView } from '#desktop/station/contract/queries.ts'
import type { Station } from '#desktop/station/station.ts'
import { AppError } from '#shared/errors.ts'

/** A window without a screen, joined to a station of this process by the contract. */
export interface StationWindow {
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>>
  /** The view as it is, once it holds. */
  until<Q extends QueryName>(
    query: Q,
    params: QueryParams<Q>,
    holds: (view: QueryView<Q>) => boolean,
  ): Promise<QueryView<Q>>
  close(): void
}

/** Longer than any reconnect of a station takes. */
const PATIENCE_MS = 20_000

export function openStationWindow(station: Station): StationWindow {
  const waiting = new Map<number, (message: FromStation) => void>()
  let ids = 0
  let sendToStation: (message: unknown) => void = () => undefined
  let closeStation: () => void = () => undefined
  station.connect({
    // As a port would: by copy, and not in the same breath.
    send(message) {
      const copy: unknown = JSON.parse(JSON.stringify(message))
      queueMicrotask(() => {
        const parsed = FromStation.parse(copy)
        waiting.get(parsed.id)?.(parsed)
      })
    },
    onMessage: (listener) => void (sendToStation = listener),
    onClose: (listener) => void (closeStation = listener),
  })
  const nextId = (): number => (ids += 1)

  return {
    act(name, input) {
      const id = nextId()
      return new Promise((resolve, reject) => {
        waiting.set(id, (message) => {
          waiting.delete(id)
          if (message.type === 'refused') reject(new AppError(message.code, message.details))
          else if (message.type === 'done') {
            // Cast: a test reads what it asked for
            resolve(message.output as ActionOutput<typeof name>)
          }
        })
        sendToStation({ type: 'act', id, name, input })
      })
    },
    until(query, params, holds) {
      const id = nextId()
      return new Promise((resolve, reject) => {
        let last: unknown = null
        const end = (): void => {
          clearTimeout(timer)
          waiting.delete(id)
          sendToStation({ type: 'unwatch', id })
        }
        const timer = setTimeout(() => {
          end()
          reject(new Error(`waited in vain for ${query}: ${JSON.stringify(last)?.slice(0, 500)}`))
        }, PATIENCE_MS)
        waiting.set(id, (message) => {
          if (message.type === 'refused') {
            end()
            reject(new AppError(message.code, message.details))
          } else if (message.type === 'view') {
            last = message.view
            // Cast: a test reads what it asked for
            const view = message.view as QueryView<typeof query>
            if (!holds(view)) return
            end()
            resolve(view)
          }
        })
        sendToStation({ type: 'watch', id, query, params })
      })
    },
    close: () => closeStation(),
  }
}

import { z } from 'zod'
import { AppError, type ErrorCode, refusal, type Refusal } from '#shared/errors.ts'
import {
  ACTIONS,
  type ActionInput,
  type ActionName,
  type ActionOutput,
} from './contract/actions.ts'
import { type FromStation, ToStation } from './contract/messages.ts'
import type { ContractPort } from './contract/port.ts'
import { QUERIES, type QueryName, type QueryParams } from './contract/queries.ts'
import type { StationLog } from './station-log.ts'
import { StorageError, toStorageError } from './storage/storage-error.ts'
import type { Change, View } from './views/view.ts'
import { startWatch, type Watch } from './watch.ts'

/** What stands behind the contract; inputs and parameters are parsed before they come here. */
export interface Behind {
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>>
  view<Q extends QueryName>(query: Q, params: QueryParams<Q>): View
  /** Something that was asked met a fault of the clinic's file. */
  fileFailed(error: unknown): void
}

export interface Windows {
  connect(port: ContractPort): void
  tell(change: Change): void
}

/** A window that watches more than this has lost count; its next watch is refused. */
const WATCHES_AT_MOST = 200

/** Serves the contract to any number of windows. Every message is parsed; unknown ones are refused. */
export function openWindows(behind: Behind, log: StationLog): Windows {
  const windows = new Set<Map<number, Watch>>()

  function connect(port: ContractPort): void {
    const watches = new Map<number, Watch>()
    windows.add(watches)
    const send = (message: FromStation): void => port.send(message)
    port.onMessage((message) => {
      const parsed = ToStation.safeParse(message)
      if (!parsed.success) {
        send({ type: 'refused', id: idOf(message), code: 'INVALID', details: {} })
        return
      }
      handle(parsed.data, watches, send)
    })
    port.onClose(() => {
      for (const watch of watches.values()) watch.stop()
      windows.delete(watches)
    })
  }

  function handle(
    message: ToStation,
    watches: Map<number, Watch>,
    send: (message: FromStation) => void,
  ): void {
    const { id } = message
    const refuse = (error: unknown): void => {
      behind.fileFailed(error)
      const { code, details } = refusalOf(error, log)
      send({ type: 'refused', id, code, details })
    }
    switch (message.type) {
      case 'act':
        void act(message.name, message.input).then(
          (output) => send({ type: 'done', id, output }),
          refuse,
        )
        return
      case 'watch': {
        const params = QUERIES[message.query].params.safeParse(message.params)
        if (!params.success || watches.has(id) || watches.size >= WATCHES_AT_MOST) {
          refuse(new AppError('INVALID', params.success ? {} : { issues: issuesOf(params.error) }))
          return
        }
        try {
          const view = viewOf(message.query, params.data)
          const watch = startWatch({
            view,
            send: (value) => send({ type: 'view', id, view: value }),
            sendPatch:
              message.patches === true ? (patch) => send({ type: 'patch', id, patch }) : null,
            refuse(error) {
              watches.delete(id)
              refuse(error)
            },
          })
          watches.set(id, watch)
        } catch (error) {
          refuse(error)
        }
        return
      }
      case 'unwatch':
        watches.get(id)?.stop()
        watches.delete(id)
    }
  }

  async function act(name: ActionName, input: unknown): Promise<unknown> {
    const parsed = ACTIONS[name].input.safeParse(input)
    if (!parsed.success) throw new AppError('INVALID', { issues: issuesOf(parsed.error) })
    return behind.act(name, parsed.data)
  }

  // Cast: parsed by the schema of the same name
  const viewOf = (query: QueryName, params: unknown): View =>
    behind.view(query, params as QueryParams<typeof query>)

  return {
    connect,
    tell(change) {
      for (const watches of windows) for (const watch of watches.values()) watch.tell(change)
    },
  }
}

/** So that even a message of no known form is answered to whoever asked. */
const Numbered = z.object({ id: z.int().min(1) })

function idOf(message: unknown): number {
  const parsed = Numbered.safeParse(message)
  return parsed.success ? parsed.data.id : 1
}

/** The names of fields, never their values. */
function issuesOf(error: { issues: readonly { path: readonly PropertyKey[] }[] }): string[] {
  return [...new Set(error.issues.map(({ path }) => path.map(String).join('.')))].slice(0, 20)
}

const CODE_OF_STORAGE: Partial<Record<StorageError['code'], ErrorCode>> = {
  LOCKED: 'LOCKED',
  WRONG_KEY: 'WRONG_KEY',
  DAMAGED: 'DAMAGED',
  DISK_FULL: 'DISK_FULL',
}

/** What crosses to a window when something is refused; a fault of ours is logged by name and place. */
export function refusalOf(error: unknown, log: StationLog): Refusal {
  if (error instanceof AppError) return refusal(error.code, error.details)
  const known = toStorageError(error)
  const code = known instanceof StorageError ? CODE_OF_STORAGE[known.code] : undefined
  if (code !== undefined) return refusal(code)
  log({ event: 'fault', at: placeOf(error) })
  return refusal('INTERNAL')
}

/** Never the message, which may quote what it failed on. */
export function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return `${error.name} ${
    error.stack
      ?.split('\n')
      .find((line) => line.includes('    at '))
      ?.trim() ?? ''
  }`
}

import { existsSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import { z } from 'zod'
import type { ActionInput, ActionName, ActionOutput } from '#desktop/station/contract/actions.ts'
import type { QueryName, QueryParams, QueryView } from '#desktop/station/contract/queries.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { StationId } from '#shared/ids.ts'
import type { BadLine } from '../support/bad-line.ts'
import { emailOf, PIN, userIdOf } from '../support/station-in-process.ts'
import type { Account } from './history-plan.ts'
import type { Hosted } from './hosted.ts'

/** What a stopped station's file holds. */
const StationFile = z.object({
  /** That of now, and those that it was before the server took it no more. */
  stationIds: z.array(StationId),
  /** Whether numbers were passed over for a commit that a kill had cut off half-way. */
  hasSkipped: z.boolean(),
  documents: z.array(z.tuple([z.string(), z.string()])),
  /** How many commands it has ever confirmed. */
  commands: z.number(),
  /** Commands, as they were signed. */
  accepted: z.array(z.string()),
  rejected: z.array(z.string()),
  unsent: z.array(z.string()),
  outbox: z.array(z.string()),
  integrity: z.string(),
  faults: z.array(z.string()),
})
export type StationFile = z.infer<typeof StationFile>

/** A real station in a process of its own, on a line of its own. */
export interface ModelStation {
  readonly number: number
  readonly line: BadLine
  act<A extends ActionName>(name: A, input: ActionInput<A>): Promise<ActionOutput<A>>
  view<Q extends QueryName>(query: Q, params: QueryParams<Q>): Promise<QueryView<Q>>
  /** Whoever it is, by PIN: it needs no server. */
  takeOver(account: Account): Promise<void>
  /** An ADMIN lets it go on as a new station; false: the server takes it as it is. */
  rejoin(): Promise<boolean>
  /** By password, at the server: it may have forgotten that they ever did. */
  signIn(account: Account): Promise<void>
  setSkew(minutes: number): Promise<void>
  /** SIGKILL, and a new process on the same file. */
  kill(): Promise<void>
  restart(): Promise<void>
  /** An image of its disk, while it is shut down. */
  copy(): Promise<void>
  /** The image in place of its file. @returns what the file held by then; null, nothing done: there is no image */
  putBack(): Promise<StationFile | null>
  /** Closes it and reads its file. */
  read(): Promise<StationFile>
}

/** A station's place through all histories: its line, and the process that is now in it. */
export interface Seat {
  readonly number: number
  readonly line: BadLine
  start(): Hosted
  hosted: Hosted
}

/** The station of one history. */
export function stationAt(seat: Seat, folder: string, clock: { now: number }) {
  const image = `${folder}.image`
  let skew = 0
  let person: Account | null = null
  const open = async (): Promise<void> => {
    person = null
    await mkdir(folder, { recursive: true })
    await seat.hosted.ask({ op: 'open', folder, now: clock.now, skew })
  }
  const close = (): Promise<unknown> => seat.hosted.ask({ op: 'close' })
  const tellTime = (): Promise<unknown> => seat.hosted.ask({ op: 'clock', now: clock.now, skew })
  const station: ModelStation = {
    number: seat.number,
    line: seat.line,
    // Casts: the station's own contract says what comes back for what was asked
    act: async (name, input) =>
      (await seat.hosted.ask({ op: 'act', name, input })) as ActionOutput<typeof name>,
    view: async (query, params) =>
      (await seat.hosted.ask({ op: 'view', query, params })) as QueryView<typeof query>,
    async takeOver(account) {
      if (person === account) return
      person = null
      await station.act('unlock', { userId: userIdOf(account), pin: PIN })
      person = account
    },
    async rejoin() {
      const { mayRejoin } = await station.view('sync', {})
      if (!mayRejoin) return false
      person = null
      await station.act('rejoin', { email: emailOf('admin'), password: DEMO_PASSWORD })
      return true
    },
    async signIn(account) {
      person = null
      await station.act('signIn', { email: emailOf(account), password: DEMO_PASSWORD })
      person = account
    },
    async setSkew(minutes) {
      skew = minutes * 60_000
      await tellTime()
    },
    async kill() {
      await seat.hosted.kill()
      seat.hosted = seat.start()
      await open()
    },
    async restart() {
      await close()
      await open()
    },
    async copy() {
      await close()
      await cp(folder, image, { recursive: true })
      await open()
    },
    async putBack() {
      if (!existsSync(image)) return null
      const lost = await station.read()
      await rm(folder, { recursive: true })
      await cp(image, folder, { recursive: true })
      await open()
      return lost
    },
    async read() {
      await close()
      return StationFile.parse(await seat.hosted.ask({ op: 'read', folder }))
    },
  }
  return { station, open, close, tellTime }
}

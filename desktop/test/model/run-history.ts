import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '#shared/errors.ts'
import { renewSubscription } from '#shared/entitlement.ts'
import { withClinic, writeClinic } from '#server/database/clinic-tx.ts'
import { NO_JOBS } from '#server/jobs/test-jobs.ts'
import { replaceSettings } from '#server/clinics/settings.ts'
import { changeStaff } from '#server/clinics/staff.ts'
import { retryHeld } from '#server/sync/retry-held.ts'
import { revokeStation } from '#server/clinics/stations.ts'
import { readSubscriptions, recordSubscription } from '#server/subscriptions/subscription.ts'
import { Settings } from '#shared/clinic.ts'
import type { StationId } from '#shared/ids.ts'
import type pg from 'pg'
import pino from 'pino'
import { userIdOf } from '../support/station-in-process.ts'
import {
  type Account,
  ACCOUNTS,
  type Plan,
  type StationStep,
  type WorldStep,
} from './history-plan.ts'
import { inTime, ProcessGone } from './hosted.ts'
import type { ModelStation, StationFile } from './model-station.ts'
import { deskName, MODEL_CLINIC, type ModelClinic } from './model-world.ts'
import type { Confirmed } from './begun-act.ts'
import { doAct } from './station-acts.ts'

/** What one history did, beside what stands at its end. */
export interface History {
  readonly confirmed: readonly Confirmed[]
  /** Acts refused, by code: a person saw why. */
  readonly refused: Readonly<Record<string, number>>
  readonly killed: number
  /** How often the server was taken back to a backup. */
  readonly restored: number
  /** Files in whose place an older image of them was put, by station: what they held at their end. */
  readonly lost: ReadonlyMap<number, StationFile>
}

/** Codes that no act of a person may ever be answered with: they are faults of ours. */
const FAULTS = new Set(['INTERNAL', 'NOT_THE_COMMAND', 'DAMAGED', 'BAD_SIGNATURE'])

/** Plays a plan out. At its end every station is as it is, lines dead and clocks wrong. */
export async function playHistory(clinic: ModelClinic, plan: Plan): Promise<History> {
  const confirmed: Confirmed[] = []
  const refused: Record<string, number> = {}
  let killed = 0
  let restored = 0
  const lost = new Map<number, StationFile>()

  async function attempt(
    station: ModelStation,
    step: StationStep & { kind: 'ACT' },
  ): Promise<void> {
    try {
      await station.takeOver(step.account)
      const done = await doAct(station, step.act, { choice: step.choice, confirmed })
      if (done !== null) confirmed.push(done)
    } catch (error) {
      if (!(error instanceof AppError) || FAULTS.has(error.code)) {
        throw new Error(`station ${station.number}: ${JSON.stringify(step)}`, { cause: error })
      }
      refused[error.code] = (refused[error.code] ?? 0) + 1
    }
  }

  async function beginAct(station: ModelStation, step: StationStep & { kind: 'KILL' }) {
    await station.takeOver(step.account)
    return doAct(station, step.act, { choice: step.choice, confirmed })
  }

  async function killAmid(
    station: ModelStation,
    step: StationStep & { kind: 'KILL' },
  ): Promise<void> {
    const acting = beginAct(station, step).then(
      (done) => {
        if (done !== null) confirmed.push(done)
      },
      (error: unknown) => {
        // Refused before, or gone: whether it was done nobody was told.
        if (error instanceof ProcessGone) return
        if (!(error instanceof AppError) || FAULTS.has(error.code)) throw error
      },
    )
    await pause(step.afterMs)
    await station.kill()
    killed += 1
    await acting
  }

  async function takeStep(station: ModelStation, step: StationStep): Promise<void> {
    switch (step.kind) {
      case 'ACT':
        return attempt(station, step)
      case 'LINE':
        station.line.set(step.state)
        return
      case 'KILL':
        return killAmid(station, step)
      case 'RESTART':
        return station.restart()
      case 'SKEW':
        return station.setSkew(step.minutes)
      case 'OLD_REQUEST':
        return station.line.replayOld()
    }
  }

  for (const round of plan.rounds) {
    await Promise.all(
      clinic.stations.map(async (station, index) => {
        for (const step of round.stations[index] ?? []) {
          await inTime(takeStep(station, step), `station ${index}: ${JSON.stringify(step)}`)
        }
      }),
    )
    for (const step of round.world) {
      if (step.kind === 'RESTORE') restored += (await clinic.restore()) ? 1 : 0
      else if (step.kind === 'PUT_BACK') {
        const file = await clinic.stations[step.station]?.putBack()
        if (file) lost.set(step.station, file)
      } else await inTime(changeWorld(clinic, step), JSON.stringify(step))
    }
  }
  return { confirmed, refused, killed, restored, lost }
}

async function changeWorld(
  clinic: ModelClinic,
  step: Exclude<WorldStep, { kind: 'RESTORE' | 'PUT_BACK' }>,
): Promise<void> {
  switch (step.kind) {
    case 'TIME':
      return clinic.passMinutes(step.minutes)
    case 'MEMBER':
      return clinic.withPool((pool) => setActive(pool, clinic.now(), step.account, step.active))
    case 'CLINIC':
      return clinic.withPool((pool) => openClinic(pool, clinic.now(), step.active))
    case 'SUBSCRIPTION':
      return clinic.withPool((pool) => subscribe(pool, clinic.now(), step.ends))
    case 'KILL_SERVER':
      return clinic.killServer(step.server)
    case 'BACKUP':
      return clinic.backUp()
    case 'COPY':
      return clinic.stations[step.station]?.copy()
    case 'REVOKE':
      return clinic.withPool((pool) => revoke(pool, clinic.now(), step.station))
    case 'REJOIN':
      await rejoinRefused(clinic)
      return
  }
}

const ADMIN = userIdOf('admin')

async function setActive(
  pool: pg.Pool,
  now: number,
  account: Account,
  active: boolean,
): Promise<void> {
  const change = { userId: userIdOf(account), change: { active }, by: ADMIN, now }
  await writeClinic(pool, MODEL_CLINIC, (tx) => changeStaff(tx, change))
}

async function openClinic(pool: pg.Pool, now: number, active: boolean): Promise<void> {
  await writeClinic(pool, MODEL_CLINIC, async (tx) => {
    const { rows } = await tx.query<{ body: unknown }>(
      `SELECT doc -> 'body' AS body FROM documents
       WHERE clinic_id = $1 AND collection = 'clinic' AND id = 'settings'`,
      [tx.clinicId],
    )
    const settings = Settings.parse(rows[0]?.body)
    const act = { name: 'replaceSettings', by: ADMIN, now, jobs: NO_JOBS } as const
    await replaceSettings(tx, { ...settings, active }, act)
  })
}

/** Paid for a month, or ended at this moment. */
async function subscribe(pool: pg.Pool, now: number, ends: boolean): Promise<void> {
  await withClinic(pool, MODEL_CLINIC, async (tx) => {
    const current = (await readSubscriptions(tx)).at(-1)
    if (current === undefined) throw new Error('a clinic without a subscription')
    // Two in one moment cannot be told apart.
    if (current.since >= now) return
    const next = ends
      ? { ...current.subscription, endsAt: new Date(now).toISOString() }
      : renewSubscription(current.subscription, now, 'STARTER')
    await recordSubscription(tx, next, now)
  })
}

/** Whatever station goes on under that name by now. */
async function revoke(pool: pg.Pool, now: number, station: number): Promise<void> {
  await writeClinic(pool, MODEL_CLINIC, async (tx) => {
    const { rows } = await tx.query<{ stationId: StationId }>(
      `SELECT station_id AS "stationId" FROM stations
       WHERE clinic_id = $1 AND name = $2 AND revoked_at IS NULL`,
      [tx.clinicId, deskName(station)],
    )
    for (const { stationId } of rows) await revokeStation(tx, stationId, ADMIN, now)
  })
}

/** @returns how many did */
async function rejoinRefused({ stations }: ModelClinic): Promise<number> {
  let count = 0
  for (const station of stations) {
    const isDone = await station.rejoin().catch((error: unknown) => {
      // The line is bad, or the ADMIN is none at the moment.
      if (!(error instanceof AppError) || FAULTS.has(error.code)) throw error
      return false
    })
    if (isDone) count += 1
  }
  return count
}

const log = pino({ level: 'silent' })

/** How long outboxes may take to drain once all is well, milliseconds. */
const PATIENCE_MS = 40_000

/**
 * All is well again: lines, servers, clocks, people, the clinic and its subscription; the ADMIN decides what
 * waits for them. Ends when every outbox is empty and everybody has everything.
 *
 * @returns how many stations the server took no more, and an ADMIN let go on
 * @throws Error naming what is wedged
 */
export async function heal(clinic: ModelClinic): Promise<{ rejoined: number }> {
  let rejoined = 0
  for (const station of clinic.stations) {
    station.line.set('GOOD')
    await station.setSkew(0)
  }
  await clinic.passMinutes(1)
  await clinic.withPool(async (pool) => {
    for (const account of ACCOUNTS) await setActive(pool, clinic.now(), account, true)
    await openClinic(pool, clinic.now(), true)
    await subscribe(pool, clinic.now(), false)
  })
  const [office] = clinic.stations
  if (office === undefined) throw new Error('no stations')
  const until = Date.now() + PATIENCE_MS
  for (let turn = 0; ; turn += 1) {
    // Not at each look: a station that is asked to hurry for ever never waits as it would.
    if (turn % 20 === 0) for (const { act } of clinic.stations) await act('syncNow', {})
    const states = await Promise.all(clinic.stations.map(({ view }) => view('sync', {})))
    if (
      states.every(
        ({ state, unsynced, progress }) => state === 'LIVE' && unsynced === 0 && progress === null,
      )
    )
      break
    if (Date.now() > until) throw new Error(`wedged: ${JSON.stringify(states.map(wedge))}`)
    rejoined += await rejoinRefused(clinic)
    for (const [index, { held }] of states.entries()) {
      // A restored server has forgotten a station that went on as another, and who sat there.
      if (turn % 20 !== 10 || held === 0) continue
      for (const account of ACCOUNTS) {
        // It may not have heard yet that they are members again.
        await clinic.stations[index]?.signIn(account).catch(unlessRefused)
      }
    }
    if (turn % 5 === 0) await decideAll(office)
    await pause(50)
  }
  // For those whose desk has lost them.
  await clinic.withPool((pool) => retryAll(pool, clinic.now()))
  await meet(clinic, office)
  return { rejoined }
}

async function retryAll(pool: pg.Pool, at: number): Promise<void> {
  const held = await withClinic(pool, MODEL_CLINIC, (tx) =>
    tx.query<{ stationId: StationId }>(
      `SELECT DISTINCT station_id AS "stationId" FROM commands
       WHERE clinic_id = $1 AND verdict = 'HELD'`,
      [tx.clinicId],
    ),
  )
  for (const { stationId } of held.rows) {
    const job = { clinicId: MODEL_CLINIC, stationId, hours: 1 }
    await retryHeld({ pool, now: () => at, log, jobs: NO_JOBS }, job)
  }
}

/** @throws what is no refusal, but a fault */
function unlessRefused(error: unknown): void {
  if (!(error instanceof AppError) || FAULTS.has(error.code)) throw error
}

const wedge = ({ state, code, unsynced, held, waiting }: Awaited<ReturnType<typeof syncOf>>) => ({
  state,
  code,
  unsynced,
  held,
  waiting: waiting.map(({ command }) => command),
})
const syncOf = ({ view }: ModelStation) => view('sync', {})

async function decideAll(office: ModelStation): Promise<void> {
  try {
    await office.takeOver('admin')
  } catch {
    return // not yet told that they are a member again
  }
  const { items } = await office.view('inbox', {})
  for (const [index, item] of items.entries()) {
    if (item.kind !== 'QUARANTINED' || !item.mayDecide) continue
    await office
      .act('decideQuarantined', { commandId: item.commandId, accept: index % 2 === 0 })
      .catch((error: unknown) => {
        // Decided already, by a decision that is on its way.
        if (!(error instanceof AppError) || FAULTS.has(error.code)) throw error
      })
  }
}

/** The feed is in order: who has the last document of all has all before it. */
async function meet(clinic: ModelClinic, office: ModelStation): Promise<void> {
  await office.signIn('admin')
  const name = `نهاية ${clinic.now()}`
  await office.act('registerPatient', {
    draft: {
      name,
      phones: [],
      nationalId: null,
      birthDate: null,
      sex: null,
      fileNumber: null,
      address: null,
      note: null,
    },
  })
  const until = Date.now() + PATIENCE_MS
  for (const station of clinic.stations) {
    await station.takeOver('admin')
    for (;;) {
      const { hits } = await station.view('search', { text: name, limit: 1 })
      const { unsynced } = await syncOf(station)
      if (hits[0]?.name === name && unsynced === 0) break
      if (Date.now() > until) {
        const { state, code, since, lastContact, stations } = await syncOf(station)
        const said = JSON.stringify({ state, code, since, lastContact, unsynced, stations })
        throw new Error(`station ${station.number} does not hear the others: ${said}`)
      }
      await pause(20)
    }
  }
}

// One station in a process of its own: the real one, on a real encrypted file, with the model's clock.
import { join } from 'node:path'
import { hash } from '@node-rs/argon2'
import { z } from 'zod'
import { FormerStation, Identity } from '#desktop/station/replica/station-meta.ts'
import { PATIENT_SEARCH } from '#desktop/station/replica/replica-file.ts'
import { openStore } from '#desktop/station/storage/store.ts'
import { openStation, type Station } from '#desktop/station/station.ts'
import { ActionName } from '#desktop/station/contract/actions.ts'
import { QueryName } from '#desktop/station/contract/queries.ts'
import { openStationWindow, type StationWindow } from '../support/station-window.ts'
import { readContents } from '../support/compare.ts'
import { answerRequests } from './hosted.ts'

const Request = z.discriminatedUnion('op', [
  z.object({ op: z.literal('open'), folder: z.string(), now: z.number(), skew: z.number() }),
  z.object({ op: z.literal('close') }),
  z.object({ op: z.literal('clock'), now: z.number(), skew: z.number() }),
  z.object({ op: z.literal('act'), name: ActionName, input: z.unknown() }),
  z.object({ op: z.literal('view'), query: QueryName, params: z.unknown() }),
  /** Of a closed station's file. */
  z.object({ op: z.literal('read'), folder: z.string() }),
  z.object({ op: z.literal('ease'), folder: z.string(), pin: z.string() }),
])

const KEY = new Uint8Array(32).fill(3)
const clock = { now: 0, skew: 0 }
let start = 0
let running: { station: Station; window: StationWindow } | null = null
/** What a healthy station never logs. */
let faults: string[] = []

function theWindow(): StationWindow {
  if (running === null) throw new Error('the station is not open')
  return running.window
}

answerRequests(async (message) => {
  const request = Request.parse(message)
  switch (request.op) {
    case 'open': {
      Object.assign(clock, { now: request.now, skew: request.skew })
      start = request.now
      const station = await openStation({
        folder: request.folder,
        key: KEY,
        demo: true,
        appVersion: '0.0.0',
        log: (line) => {
          if (line.event.includes('fault')) faults.push(JSON.stringify(line))
        },
        clock: {
          wall: () => clock.now + clock.skew,
          // What nobody can set: it runs on with the model's time, and by itself for time-outs.
          monotonic: () => performance.now() + clock.now - start,
        },
      })
      running = { station, window: openStationWindow(station) }
      return null
    }
    case 'close':
      running?.window.close()
      await running?.station.close()
      running = null
      return null
    case 'clock':
      Object.assign(clock, { now: request.now, skew: request.skew })
      return null
    case 'act':
      // Cast: the station parses the input by the action's own schema
      return theWindow().act(request.name, request.input as never)
    case 'view':
      // Cast: as above
      return theWindow().until(request.query, request.params as never, () => true)
    case 'ease':
      return easePins(request.folder, request.pin)
    case 'read': {
      const contents = await readFile(request.folder)
      const told = faults
      faults = []
      return { ...contents, faults: told }
    }
  }
})

/** PINs of a stopped station that cost nothing to look at: people take over from each other in every history. */
async function easePins(folder: string, newPin: string): Promise<null> {
  const pin = await hash(newPin, { memoryCost: 8, timeCost: 1, parallelism: 1 })
  const store = openStore({ path: join(folder, 'clinic.db'), key: KEY })
  try {
    store.db.prepare<[string]>('UPDATE people SET pin = ? WHERE pin IS NOT NULL').run(pin)
    return null
  } finally {
    await store.close()
  }
}

/** All that a stopped station knows, for comparison. */
async function readFile(folder: string): Promise<object> {
  const store = openStore({
    path: join(folder, 'clinic.db'),
    key: KEY,
    search: { patients: PATIENT_SEARCH },
  })
  try {
    const pluck = <T>(sql: string): T[] => store.db.prepare<[], T>(sql).pluck().all()
    const [identity] = pluck<string>("SELECT value FROM station_meta WHERE key = 'identity'")
    const [formerly] = pluck<string>("SELECT value FROM station_meta WHERE key = 'formerly'")
    const former = z.array(FormerStation).parse(JSON.parse(formerly ?? '[]'))
    const [damage] = pluck<string>("SELECT value FROM station_meta WHERE key = 'damage'")
    return {
      stationIds: [
        Identity.parse(JSON.parse(identity ?? 'null')).stationId,
        ...former.map(({ stationId }) => stationId),
      ],
      // A commit cut off half-way, told to nobody: its number is passed over, so that none is given twice.
      hasSkipped: damage?.includes('LOG_CUT') ?? false,
      documents: [...readContents(store.db)],
      commands: pluck<number>("SELECT value FROM counters WHERE name = 'outbox'")[0] ?? 0,
      accepted: pluck<string>('SELECT payload FROM accepted ORDER BY seq'),
      rejected: pluck<string>('SELECT payload FROM rejected'),
      unsent: pluck<string>('SELECT payload FROM outbox ORDER BY seq'),
      outbox: pluck<string>(
        "SELECT json_object('name', name, 'state', state, 'code', code, 'details', json(details)) FROM outbox",
      ),
      integrity: pluck<string>('PRAGMA integrity_check').join(),
    }
  } finally {
    await store.close()
  }
}

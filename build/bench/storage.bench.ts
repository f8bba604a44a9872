// RxDB's own performance runner on this storage, beside what the raw library takes under the same RxDB.
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import type { RxStorage } from 'rxdb'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import { getRxStorageSQLiteTrial, getSQLiteBasicsNodeNative } from 'rxdb/plugins/storage-sqlite'
import { runPerformanceTests } from 'rxdb/plugins/test-utils'
import { openConnection } from '#desktop/station/storage/connection.ts'
import { openStore } from '#desktop/station/storage/store.ts'
import { floorStorage } from './floor-storage.ts'
import { type Mark, median } from './rows.ts'
import { type Bench, runSuite } from './suite.ts'

const KEY = new Uint8Array(32).fill(7)

/** The runner's figures, in its order, with the marks; and what rxdb.info publishes of the paid storage, ms. */
const FIGURES: ReadonlyArray<{ key: string; is: string; paid?: number; bound?: number }> = [
  { key: 'time-to-first-insert', is: 'first insert', paid: 5.2 },
  { key: 'insert-documents-500', is: 'bulk of 500', paid: 8.6, bound: 1.5 },
  { key: 'find-by-ids-3000', is: '3,000 by ids', paid: 26, bound: 1.3 },
  { key: 'serial-inserts-50', is: '50 single inserts', paid: 10.8, bound: 1.3 },
  { key: 'serial-find-by-id-50', is: '50 by id', paid: 2.7 },
  { key: 'find-by-query', is: 'query of 3,050, sorted', paid: 20, bound: 1.3 },
  { key: 'find-by-query-parallel-4', is: '4 indexed queries', paid: 20, bound: 1.3 },
  { key: '4x-count', is: '4 counts', paid: 2, bound: 1.5 },
]

/** The price of encryption: little where the disk is waited for, more where pages are many. */
const CIPHER_BOUNDS: Readonly<Record<string, number>> = {
  'insert-documents-500': 2,
  'serial-inserts-50': 1.3,
}

const FLOOR_IS =
  'raw better-sqlite3 under the same RxDB: one table, synchronous FULL, same cipher, no conflict looked for (floor-storage.ts)'

type Times = Readonly<Record<string, unknown>>
type Contender = 'ours' | 'oursPlain' | 'floor' | 'floorPlain' | 'memory'

await runSuite('storage', async (bench) => {
  const rounds = bench.quick ? 1 : 5
  const storages = openStorages(bench)
  const times = Object.fromEntries(
    Object.keys(storages).map((name): [string, Times[]] => [name, []]),
  ) as Record<Contender, Times[]>
  // One after the other in each round: what else the machine does then is shared by all.
  for (let round = bench.quick ? 0 : -1; round < rounds; round += 1) {
    for (const [name, storage] of Object.entries(storages)) {
      const measured = await measure(storage, bench.quick ? 1 : 4)
      // The first round warms what a station at work has warm.
      if (round >= 0) times[name as Contender].push(measured)
    }
  }
  const trial = await measureTrial(bench)
  const read = (contender: Contender, key: string): number[] =>
    times[contender].map((of) => numberAt(of, key))
  for (const { key, is, paid, bound } of FIGURES) {
    const ratio = (limit: number | undefined): { mark?: Mark } =>
      limit === undefined ? {} : { mark: { of: 'RATIO', bound: limit } }
    const memory = median(read('memory', key))
    bench.add({
      figure: `${is}, encrypted`,
      unit: 'ms',
      better: 'LESS',
      ours: read('ours', key),
      floor: { runs: read('floor', key), is: FLOOR_IS },
      peers: {
        "RxDB's memory storage": memory,
        ...(paid === undefined ? {} : { 'paid SQLite storage (published, another machine)': paid }),
        ...(trial[key] === undefined ? {} : { 'SQLite trial storage, node:sqlite': trial[key] }),
      },
      ...ratio(bound),
    })
    bench.add({
      figure: `${is}, plain`,
      unit: 'ms',
      better: 'LESS',
      ours: read('oursPlain', key),
      floor: { runs: read('floorPlain', key), is: FLOOR_IS },
      ...ratio(bound),
    })
    bench.add({
      figure: `${is}, price of encryption`,
      unit: 'ms',
      better: 'LESS',
      ours: read('ours', key),
      floor: { runs: read('oursPlain', key), is: 'this storage on a plain file' },
      ...ratio(CIPHER_BOUNDS[key]),
    })
  }
})

type AnyStorage = RxStorage<object, object>

function openStorages(bench: Bench): Record<Contender, AnyStorage> {
  const folder = bench.folder('storage')
  const ours = (name: string, key?: Uint8Array): AnyStorage => {
    const path = join(folder, `${name}.db`)
    const store = openStore({ path, ...(key === undefined ? {} : { key }) })
    bench.onEnd(() => store.close())
    return named(store.storage, name)
  }
  const floor = (name: string, key?: Uint8Array): AnyStorage => {
    const db = openConnection(join(folder, `${name}.db`), key)
    bench.onEnd(() => void db.close())
    return named(floorStorage(db), name)
  }
  return {
    floor: floor('floor', KEY),
    ours: ours('ours', KEY),
    floorPlain: floor('floor-plain'),
    oursPlain: ours('ours-plain'),
    memory: named(getRxStorageMemory(), 'memory'),
  }
}

function named<I, O>(storage: RxStorage<I, O>, name: string): AnyStorage {
  // Every storage takes the empty options that the runner gives.
  const create = storage.createStorageInstance.bind(storage) as AnyStorage['createStorageInstance']
  return { name, rxdbVersion: storage.rxdbVersion, createStorageInstance: create }
}

/** Milliseconds by the runner's key: its mean of the best 5 % of runs, so of the best of these few. */
async function measure(storage: AnyStorage, runs: number, docsAmount = 3000): Promise<Times> {
  return runPerformanceTests(storage, storage.name, {
    runs,
    docsAmount,
    waitBetweenTests: 5,
    log: false,
  })
}

/** Of the trial storage, whose limit is 500 documents, the figures that so few can tell. */
async function measureTrial(bench: Bench): Promise<Partial<Record<string, number>>> {
  const storage = getRxStorageSQLiteTrial({
    sqliteBasics: getSQLiteBasicsNodeNative(DatabaseSync),
    databaseNamePrefix: `${bench.folder('trial')}/`,
  })
  const times = await measure(named(storage, 'trial'), 1, 420)
  const keys = ['time-to-first-insert', 'serial-inserts-50', 'serial-find-by-id-50']
  return Object.fromEntries(keys.map((key) => [key, numberAt(times, key)]))
}

function numberAt(times: Times, key: string): number {
  const value = times[key]
  if (typeof value !== 'number') throw new Error(`the runner gave no ${key}`)
  return value
}

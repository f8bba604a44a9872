// A new desk: 50,000 patients from the server into an empty encrypted station, and what the server
// alone can give.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { MAX_PULL_DOCUMENTS, PROTOCOL_VERSION } from '#shared/protocol.ts'
import { openConnection } from '#desktop/station/storage/connection.ts'
import { type Caller, enrolCaller, postText } from './caller.ts'
import { BENCH_CLINIC, BENCH_PASSWORD, DESK } from './clinic.ts'
import { makePatients } from './documents.ts'
import { startPeers } from './peers.ts'
import { chunks, medians, timed } from './samples.ts'
import { type BenchServer, startBenchServer } from './server.ts'
import { openBenchStation } from './station.ts'
import { type Bench, runSuite } from './suite.ts'

await runSuite('sync-first', async (bench) => {
  const patients = bench.quick ? 2_000 : 50_000
  const runs = bench.quick ? 1 : 3
  const server = await startBenchServer(bench, { patients, history: 0, today: false })
  const caller = await enrolCaller(server.url)
  const texts = makePatients(patients, Date.now()).map((patient) => JSON.stringify(patient))

  const peers = await startPeers(bench)
  const peerRuns = new Map(peers.map(({ name }) => [name, [] as number[]]))
  for (const peer of peers) await peer.push(makePatients(patients, Date.now()), 100)

  const figures = { sync: [], insert: [], pull: [], gzip: [], floor: [] } as Figures
  // The first pass warms caches and is thrown away.
  await pullAll(caller, 'identity')
  await pullFloor(server)
  for (let run = 0; run < runs; run += 1) {
    figures.pull.push(await pullAll(caller, 'identity'))
    figures.floor.push(await pullFloor(server))
    figures.gzip.push(await pullAll(caller, 'gzip'))
    figures.sync.push(await syncStation(bench, server, patients))
    figures.insert.push(insertRaw(bench.folder('raw'), texts))
    for (const peer of peers) {
      const { ms, result } = await timed(() => peer.pullAll(MAX_PULL_DOCUMENTS))
      if (result !== patients) throw new Error(`${peer.name} gave ${result} documents`)
      peerRuns.get(peer.name)?.push((result * 1000) / ms)
    }
  }
  bench.add({
    figure: 'first sync into an empty encrypted station',
    unit: 'docs/s',
    better: 'MORE',
    ours: figures.sync,
    floor: {
      runs: figures.insert,
      is: 'better-sqlite3, same cipher, synchronous FULL, the same JSON in one table, no network',
    },
    peers: {
      'RxDB memory client (measured earlier, another run)': 27_000,
      'PouchDB on LevelDB (measured earlier, another run)': 5_100,
    },
    mark: { of: 'OURS', bound: 20_000 },
  })
  bench.add({
    figure: 'pull, the server alone, pages of 5,000',
    unit: 'docs/s',
    better: 'MORE',
    ours: figures.pull,
    floor: {
      runs: figures.floor,
      is: 'Hono and pg alone with row-level security, doc::text joined',
    },
    peers: medians(peerRuns),
    mark: { of: 'RATIO', bound: 1 / 0.8 },
  })
  bench.add({
    figure: 'the same pull, compressed (gzip level 1)',
    unit: 'docs/s',
    better: 'MORE',
    ours: figures.gzip,
  })
})

type Figures = Record<'sync' | 'insert' | 'pull' | 'gzip' | 'floor', number[]>

/** @returns documents a second, from the first request until nothing is missing */
async function syncStation(bench: Bench, { url }: BenchServer, count: number): Promise<number> {
  let connecting = 0
  const { window, close } = await openBenchStation({
    folder: bench.folder('station'),
    key: new Uint8Array(randomBytes(32)),
    log({ event, to }) {
      if (event === 'sync' && to === 'CONNECTING') connecting = performance.now()
    },
  })
  await window.act('enrol', {
    serverUrl: url,
    email: DESK.email,
    password: BENCH_PASSWORD,
    clinicId: BENCH_CLINIC,
    stationName: 'جديد',
  })
  await window.until('sync', {}, ({ state, progress }) => state === 'LIVE' && progress === null)
  const whole = performance.now()
  await window.act('signIn', { email: DESK.email, password: BENCH_PASSWORD })
  const { patients } = await window.until('search', { text: '', limit: 1 }, () => true)
  if (patients !== count) throw new Error(`${patients} of ${count} patients came`)
  await close()
  return (count * 1000) / (whole - connecting)
}

async function pullAll(caller: Caller, encoding: string): Promise<number> {
  let checkpoint: string | null = null
  let documents = 0
  const { ms } = await timed(async () => {
    for (let more = true; more;) {
      const body = `{"protocol":${PROTOCOL_VERSION},"checkpoint":${checkpoint},"limit":${MAX_PULL_DOCUMENTS},"lastCommand":0}`
      const page = await caller.post('/v1/pull', body, { 'accept-encoding': encoding })
      // Found, not parsed: what the client makes of a page is not the server's work.
      const rest = page.slice(page.lastIndexOf('],"checkpoint":'))
      const found: string | undefined = /"checkpoint":(\{[^}]*\})/.exec(rest)?.[1]
      if (found === undefined) throw new Error('a page without a checkpoint')
      checkpoint = found
      documents = seqIn(found)
      more = rest.includes('"upToDate":false')
    }
  })
  return (documents * 1000) / ms
}

async function pullFloor({ floorUrl }: BenchServer): Promise<number> {
  let after = 0
  const { ms } = await timed(async () => {
    for (let more = true; more;) {
      const body = JSON.stringify({ after, limit: MAX_PULL_DOCUMENTS })
      const page = await postText(`${floorUrl}/pull`, body, { 'accept-encoding': 'identity' })
      const last = seqIn(page.slice(page.lastIndexOf('"checkpoint":')))
      more = last > after
      after = last
    }
  })
  return (after * 1000) / ms
}

function seqIn(text: string): number {
  return Number(/"seq":(\d+)/.exec(text)?.[1])
}

function insertRaw(folder: string, texts: readonly string[]): number {
  const db = openConnection(join(folder, 'raw.db'), new Uint8Array(randomBytes(32)))
  db.exec('CREATE TABLE raw (id INTEGER PRIMARY KEY, json TEXT NOT NULL)')
  const insert = db.prepare<[string]>('INSERT INTO raw (json) VALUES (?)')
  const insertAll = db.transaction((page: readonly string[]) => {
    for (const text of page) insert.run(text)
  })
  const start = performance.now()
  for (const page of chunks(texts, MAX_PULL_DOCUMENTS)) insertAll(page)
  const ms = performance.now() - start
  db.close()
  return (texts.length * 1000) / ms
}

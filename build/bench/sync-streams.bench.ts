// 2,000 stations of 500 clinics on line at one instance: what an idle stream costs, how soon all of
// them hear of something, and what a desk feels while all come back at once, each with a pull.
import { readFileSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import pg from 'pg'
import { z } from 'zod'
import { addStation } from '#server/clinics/stations.ts'
import { parsePrivateKey } from '#server/config.ts'
import { withClinic } from '#server/database/clinic-tx.ts'
import { createPool } from '#server/database/pool.ts'
import { signStationToken } from '#server/identity/access-token.ts'
import { importSigningKey } from '#server/identity/signing-key.ts'
import { NEWS_CHANNEL } from '#server/sync/clinic-news.ts'
import { lockFeed } from '#server/sync/feed.ts'
import { openBeside } from './beside.ts'
import { postText } from './caller.ts'
import { DESK } from './clinic.ts'
import { makePatients } from './documents.ts'
import { addClinic } from './many-clinics.ts'
import { percentiles, within } from './samples.ts'
import { type BenchServer, startBenchServer } from './server.ts'
import { openStations, type StormSeat } from './storm.ts'
import { runSuite } from './suite.ts'

const STATIONS_OF_CLINIC = 4
/** Far above what any of these clinics has written. */
const NEWS_HEAD = 1_000_000
/** Presence is told, garbage collected. */
const SETTLE_MS = 3_000

await runSuite('sync-streams', async (bench) => {
  const clinics = bench.quick ? 10 : 500
  const runs = bench.quick ? 1 : 3
  const server = await startBenchServer(bench, { patients: 1_000, history: 0, today: false })
  const seats = await enrolAll(server, clinics)
  const listener = new pg.Client({ connectionString: server.ownerUrl })
  await listener.connect()
  bench.onEnd(() => listener.end())

  const ours = openStreams(`${server.url}/v1/stream`, 'changed')
  const floor = openStreams(`${server.floorUrl}/stream`, 'data: ')
  const figures = { kb: [] as number[], reach: [] as number[], checkIns: [] as number[][] }
  const floors = { kb: [] as number[], reach: [] as number[] }

  const bare = await residentBytes(server.floorUrl)
  await floor.open(seats.map(() => ({})))
  await settle()
  floors.kb.push(((await residentBytes(server.floorUrl)) - bare) / 1024 / seats.length)
  for (let run = 0; run < runs; run += 1) {
    const [patient] = makePatients(1, Date.now(), run)
    floors.reach.push(
      await floor.reach(seats.length, () =>
        postText(`${server.floorUrl}/push`, JSON.stringify([patient])),
      ),
    )
  }
  floor.cut()

  const before = await residentBytes(server.url)
  const headers = seats.map(({ token }) => ({ authorization: `Bearer ${token}` }))
  await ours.open(headers)
  await settle()
  figures.kb.push(((await residentBytes(server.url)) - before) / 1024 / seats.length)
  const told = [...new Set(seats.map(({ checkpoint }) => checkpoint.clinicId))]
  for (let run = 0; run < runs; run += 1) {
    const news = told.map((clinicId) => JSON.stringify({ clinicId, head: NEWS_HEAD + run }))
    figures.reach.push(
      await ours.reach(seats.length, () =>
        // One commit: all clinics have news at the same moment.
        listener.query('SELECT pg_notify($1, n) FROM unnest($2::text[]) AS n', [
          NEWS_CHANNEL,
          news,
        ]),
      ),
    )
  }

  const desk = await openBeside(bench, import.meta.resolve('./storm-desk.ts'), {
    url: server.url,
    done: z.array(z.number()),
  })
  ours.cut()
  const stations = await openStations(bench, server.url, seats)
  for (let run = 0; run < runs; run += 1) {
    await settle()
    desk.begin()
    await stations.comeBack()
    figures.checkIns.push(await desk.end())
    stations.cut()
  }

  const count = seats.length.toLocaleString('en')
  const is = 'Hono and its server-sent events alone'
  bench.add({
    figure: `memory of an idle stream, of ${count}`,
    unit: 'KB',
    better: 'LESS',
    ours: figures.kb,
    floor: { runs: floors.kb, is },
    mark: { of: 'OURS', bound: 40 },
  })
  bench.add({
    figure: `news to the last of ${count} streams`,
    unit: 'ms',
    better: 'LESS',
    ours: figures.reach,
    floor: { runs: floors.reach, is },
    mark: { of: 'OURS', bound: 150 },
  })
  bench.add({
    figure: `a check-in while ${count} stations come back, p99`,
    unit: 'ms',
    better: 'LESS',
    ours: percentiles(figures.checkIns, 99),
    mark: { of: 'OURS', bound: 50 },
  })
})

async function enrolAll(
  { ownerUrl, dataFolder }: BenchServer,
  clinics: number,
): Promise<StormSeat[]> {
  const file = join(dataFolder, 'signing-key.json')
  const key = await importSigningKey(parsePrivateKey(readFileSync(file, 'utf8'), file))
  const pool = createPool(ownerUrl, (error) => console.error(error))
  const seats: StormSeat[] = []
  for (let number = 1; number <= clinics; number += 1) {
    const now = Date.now()
    const clinicId = await addClinic(pool, number)
    await withClinic(pool, clinicId, async (tx) => {
      const tokens: string[] = []
      for (let station = 0; station < STATIONS_OF_CLINIC; station += 1) {
        const publicKey = { kty: 'OKP', crv: 'Ed25519', x: key.publicKey.x } as const
        const enrolment = { clinicId, stationName: `${station}`, publicKey }
        const { stationId } = await addStation(tx, enrolment, DESK.userId, now)
        const claims = { clinicId, stationId, thumbprint: 'bench' }
        tokens.push(await signStationToken(key, claims, now))
      }
      const { epoch, head } = await lockFeed(tx)
      const checkpoint = { clinicId, epoch, seq: head }
      seats.push(...tokens.map((token) => ({ token, checkpoint })))
    })
  }
  await pool.end()
  return seats
}

/** Many streams of one address, read no more than to see that `word` was said. */
function openStreams(url: string, word: string) {
  let streams: ClientRequest[] = []
  let heard: () => void = () => undefined
  const openOne = async (headers: Record<string, string>): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const stream = request(url, { headers, agent: false }, resolve)
    streams.push(stream)
    // Cut by us, it says so too; nobody waits then.
    stream.on('error', reject)
    stream.end()
    const response = await promise
    if (response.statusCode !== 200) throw new Error(`a stream was answered ${response.statusCode}`)
    response.on('error', () => undefined)
    response.on('data', (chunk: Buffer) => {
      if (chunk.includes(word)) heard()
    })
  }
  return {
    open: (all: readonly Record<string, string>[]) =>
      within(Promise.all(all.map(openOne)), 120, 'the last stream'),
    /** Milliseconds until each of `count` streams has heard what `tell` brings about. */
    async reach(count: number, tell: () => Promise<unknown>): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<number>()
      let left = count
      heard = () => {
        left -= 1
        if (left === 0) resolve(performance.now())
      }
      const start = performance.now()
      await tell()
      return (await within(promise, 30, 'the news')) - start
    },
    cut(): void {
      for (const stream of streams) stream.destroy()
      streams = []
    },
  }
}

async function residentBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1])
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}

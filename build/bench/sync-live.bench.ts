// A desk does something; another desk's board shows it: two stations, the server and PostgreSQL, each
// in a process of its own.
import { once } from 'node:events'
import { postText } from './caller.ts'
import { enrolDesk } from './desk-process.ts'
import { makePatients } from './documents.ts'
import { type Peer, startPeers } from './peers.ts'
import { percentile } from './rows.ts'
import { callAround, pause } from './call-around.ts'
import { chunks, percentiles, within } from './samples.ts'
import { type BenchServer, startBenchServer } from './server.ts'
import { runSuite } from './suite.ts'

const RUNS = 3

const EARLIER: Readonly<Record<number, Record<string, number>>> = {
  50: { 'Zero 1.9 on PostgreSQL 15 (measured earlier, another run)': 13.6 },
  99: { 'Zero 1.9 on PostgreSQL 15 (measured earlier, another run)': 130 },
}

await runSuite('sync-live', async (bench) => {
  const count = bench.quick ? 15 : 300
  const patients = bench.quick ? 1_000 : 20_000
  const server = await startBenchServer(bench, { patients, history: 0, today: true })
  const a = await enrolDesk(bench, server.url, 'A')
  const b = await enrolDesk(bench, server.url, 'B')
  await callAround(a, b, 10)
  const ours = await callAround(a, b, count)
  const floor = await writeAround(server, count)
  const peers = new Map<string, number[]>()
  for (const peer of await startPeers(bench)) {
    peers.set(peer.name, await pushAround(peer, count))
  }
  for (const p of [50, 99]) {
    bench.add({
      figure: `command on A to the watched board of B, p${p}`,
      unit: 'ms',
      better: 'LESS',
      ours: percentiles(chunks(ours, Math.ceil(count / RUNS)), p),
      floor: {
        runs: percentiles(chunks(floor, Math.ceil(count / RUNS)), p),
        is: 'Hono and pg alone: insert and NOTIFY, LISTEN, server-sent event, fetch of the row',
      },
      peers: {
        ...Object.fromEntries([...peers].map(([name, times]) => [name, percentile(times, p)])),
        ...EARLIER[p],
      },
      mark: { of: 'OURS', bound: p === 50 ? 12 : 30 },
    })
  }
})

/** One document written at the peer's server, until its stream brings it to another client. */
async function pushAround(peer: Peer, count: number): Promise<number[]> {
  let heard: (text: string) => void = () => undefined
  const end = await peer.listen((text) => heard(text))
  const times: number[] = []
  for (const document of makePatients(count + 1, Date.now(), 6)) {
    const { promise, resolve } = Promise.withResolvers<number>()
    heard = (text) => {
      if (text.includes(document.id)) resolve(performance.now())
    }
    const start = performance.now()
    await peer.push([document], 1)
    times.push((await within(promise, 10, `a document through ${peer.name}`)) - start)
    await pause()
  }
  await end()
  // The first meets a stream that may still be opening.
  return times.slice(1)
}

async function writeAround({ floorUrl }: BenchServer, count: number): Promise<number[]> {
  const patients = makePatients(count, Date.now(), 5)
  const events = new EventTarget()
  const stopping = new AbortController()
  const { body } = await fetch(`${floorUrl}/stream`, { signal: stopping.signal })
  const reading = (async () => {
    for await (const piece of body ?? [])
      if (piece.length > 0) events.dispatchEvent(new Event('row'))
  })().catch(() => undefined)
  await once(events, 'row')
  const times: number[] = []
  for (const patient of patients) {
    const seen = once(events, 'row').then(async () => (await fetch(`${floorUrl}/latest`)).text())
    const start = performance.now()
    await postText(`${floorUrl}/push`, JSON.stringify([patient]))
    if (!(await seen).includes(patient.id)) throw new Error('another row')
    times.push(performance.now() - start)
    await pause()
  }
  stopping.abort()
  await reading
  return times
}

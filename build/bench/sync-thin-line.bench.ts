// Over a thin and lossy line, each station behind one of its own: what one desk does, on the other; a new
// computer's first board, and its history behind it; and what a desk costs that does nothing.
import { BENCH_CLINIC, BENCH_PASSWORD, DESK } from './clinic.ts'
import { callAround } from './call-around.ts'
import { enrolDesk, startDesk } from './desk-process.ts'
import { chunks, percentiles, within } from './samples.ts'
import { startBenchServer } from './server.ts'
import { type Bench, runSuite } from './suite.ts'
import type { BenchWindow } from './window.ts'
import { type LineQuality, openThinLine, type ThinLine } from './thin-line.ts'

/** 300 ms there and back, as `ping` says it. */
const THIN: LineQuality = { delayMs: 150, loss: 0.02, bitsPerSecond: 1_000_000 }
/** Twice as far: for whoever means each way. */
const FAR: LineQuality = { ...THIN, delayMs: 300 }
const RUNS = 3
const MB = 1024 * 1024

await runSuite('sync-thin-line', async (bench) => {
  const size = bench.quick
    ? { patients: 1_000, history: 2_000, today: true }
    : { patients: 20_000, history: 20_000, today: true }
  const server = await startBenchServer(bench, size)
  const waiting = server.feed.filter(
    ({ collection, doc }) =>
      collection === 'visits' && Reflect.get(Object(doc), 'status') === 'WAITING',
  ).length

  const boards: number[] = []
  let whole = 0
  for (let run = 0; run < (bench.quick ? 1 : RUNS); run += 1) {
    const line = await layLine(bench, server.url)
    line.set(THIN)
    const { window, since } = await newComputer(bench, { line, name: `new ${run}`, waiting })
    boards.push(since())
    // That takes minutes: of one of them.
    if (run === 0) whole = await hasAll(window).then(since)
    window.close()
    await line.close()
  }
  bench.add({
    figure: 'a new computer: from enrolling to today’s whole board',
    unit: 's',
    better: 'LESS',
    ours: boards,
    mark: { of: 'OURS', bound: 15 },
  })
  bench.add({
    figure: `and until all of ${server.feed.length} documents are there`,
    unit: 's',
    better: 'LESS',
    ours: [whole],
  })

  const [near, far] = [await layLine(bench, server.url), await layLine(bench, server.url)]
  const a = await enrolDesk(bench, near.url, 'A')
  const b = await enrolDesk(bench, far.url, 'B')
  const count = bench.quick ? 6 : 120
  for (const quality of [THIN, FAR]) {
    for (const line of [near, far]) line.set(quality)
    const times = await callAround(a, b, count)
    for (const p of [50, 95]) {
      bench.add({
        figure: `command on A to the watched board of B, ${2 * quality.delayMs} ms, p${p}`,
        unit: 's',
        better: 'LESS',
        ours: percentiles(chunks(times, Math.ceil(count / RUNS)), p).map((ms) => ms / 1000),
        ...(p === 95 && quality === THIN ? { mark: { of: 'OURS', bound: 1.5 } as const } : {}),
      })
    }
  }
  for (const line of [near, far]) line.set(THIN)
  bench.add({
    figure: 'a desk that does nothing, a day',
    unit: 'MB',
    better: 'LESS',
    ours: [await bytesOfIdleDay(far, bench.quick ? 3 : 120)],
    mark: { of: 'OURS', bound: 5 },
  })
})

async function layLine(bench: Bench, url: string): Promise<ThinLine> {
  const line = await openThinLine(url)
  bench.onEnd(() => line.close())
  return line
}

/** @returns when its board is whole; `since`: seconds from enrolling on */
async function newComputer(
  bench: Bench,
  { line, name, waiting }: { line: ThinLine; name: string; waiting: number },
): Promise<{ window: BenchWindow; since: () => number }> {
  const { window } = await startDesk(bench, { folder: bench.folder('new') })
  const start = performance.now()
  const since = (): number => (performance.now() - start) / 1000
  await window.act('enrol', {
    serverUrl: line.url,
    email: DESK.email,
    password: BENCH_PASSWORD,
    clinicId: BENCH_CLINIC,
    stationName: name,
  })
  await window.until('session', {}, ({ status }) => status === 'LOCKED')
  await window.act('signIn', { email: DESK.email, password: BENCH_PASSWORD })
  await window.until(
    'board',
    {},
    ({ lines }) => lines.flatMap((each) => each.waiting).length === waiting,
  )
  return { window, since }
}

async function hasAll(window: BenchWindow): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = window.watch('sync', {}, ({ state, progress }) => {
    if (state === 'LIVE' && progress === null) resolve()
  })
  await within(promise, 1_800, 'all of the history').finally(end)
}

/**
 * By so many seconds of it, and by what a connection costs: it is made anew every quarter of an hour, when
 * the access token ends, and the hourly proof of equality costs no more than that.
 */
async function bytesOfIdleDay(line: ThinLine, seconds: number): Promise<number> {
  // What the last command left behind.
  await pause(10)
  const before = line.bytes()
  await pause(seconds)
  const idle = line.bytes() - before
  line.cut()
  await pause(15)
  const connection = line.bytes() - before - idle
  return ((idle / seconds) * 86_400 + connection * (96 + 24)) / MB
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}

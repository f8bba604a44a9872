// What a clinic feels of the others: of a thousand that are merely there, and of a very large one at
// its loudest. The documents of others are put there by SQL, without commands or audit.
import pg from 'pg'
import type { Write } from '#shared/commands.ts'
import type { ClinicId } from '#shared/ids.ts'
import { withClinic } from '#server/database/clinic-tx.ts'
import { createPool } from '#server/database/pool.ts'
import { openBeside } from './beside.ts'
import { type Caller, enrolCaller } from './caller.ts'
import { BENCH_CLINIC } from './clinic.ts'
import { makePatients, makeToday } from './documents.ts'
import { addClinic, fillBySql } from './many-clinics.ts'
import { Loudness } from './loudness.ts'
import { type Fact, openOutbox, printPush } from './outbox.ts'
import { chunks, percentiles } from './samples.ts'
import { type BenchServer, startBenchServer } from './server.ts'
import { runSuite } from './suite.ts'

/** Clinics whose check-ins are measured, in turn. */
const DESKS = 5
const CHECK_IN_EVERY_MS = 10
/** Until the noise is what it stays. */
const LOUD_MS = 2_000
/** Clinics that are made at once. */
const TOGETHER = 8

await runSuite('neighbour', async (bench) => {
  const size = bench.quick
    ? { others: 20, documents: 50, large: 5_000, checkIns: 30, runs: 1 }
    : { others: 1_000, documents: 100, large: 1_000_000, checkIns: 400, runs: 3 }
  const server = await startBenchServer(bench, { patients: 0, history: 0, today: false })
  const pool = createPool(server.ownerUrl, (error) => console.error(error))
  bench.onEnd(() => pool.end())
  const fill = (clinicId: ClinicId, count: number) =>
    withClinic(pool, clinicId, (tx) => fillBySql(tx, count))

  const first = await addClinic(pool, 1)
  await fill(first, 5_000)
  const alone = await openDesk(server, first)
  const figures = { alone: [] as number[][], among: [] as number[][] }
  await checkInOften([alone], size.checkIns)
  for (let run = 0; run < size.runs; run += 1) {
    figures.alone.push(await checkInOften([alone], size.checkIns))
  }
  const numbers = Array.from({ length: size.others }, (_, index) => index + 2)
  const clinics: ClinicId[] = []
  for (const some of chunks(numbers, TOGETHER)) {
    const made = some.map(async (number) => {
      const clinicId = await addClinic(pool, number)
      await fill(clinicId, size.documents)
      return clinicId
    })
    clinics.push(...(await Promise.all(made)))
  }
  await settle(server)
  await checkInOften([alone], size.checkIns)
  for (let run = 0; run < size.runs; run += 1) {
    figures.among.push(await checkInOften([alone], size.checkIns))
  }
  for (const p of [50, 99]) {
    bench.add({
      figure: `a check-in among ${size.others.toLocaleString('en')} other clinics, p${p}`,
      unit: 'ms',
      better: 'LESS',
      ours: percentiles(figures.among, p),
      floor: { runs: percentiles(figures.alone, p), is: 'the same clinic alone' },
      mark: { of: 'RATIO', bound: 1.25 },
    })
  }

  for (let made = 0; made < size.large; made += 100_000) {
    await fill(BENCH_CLINIC, Math.min(100_000, size.large - made))
  }
  await settle(server)
  const desks = [alone]
  for (const clinicId of clinics.slice(0, DESKS - 1)) desks.push(await openDesk(server, clinicId))
  const noise = await openBeside(bench, import.meta.resolve('./neighbour-load.ts'), {
    url: server.url,
    done: Loudness,
  })
  const heard = { quiet: [] as number[][], noisy: [] as number[][] }
  await checkInOften(desks, size.checkIns)
  for (let run = 0; run < size.runs; run += 1) {
    heard.quiet.push(await checkInOften(desks, size.checkIns))
    noise.begin()
    await new Promise((resolve) => setTimeout(resolve, LOUD_MS))
    heard.noisy.push(await checkInOften(desks, size.checkIns))
    const { pulled, imported, turnedAway } = await noise.end()
    console.log(
      `beside it ${pulled} documents were pulled and ${imported} imported; ${turnedAway} requests turned away`,
    )
  }
  for (const p of [50, 99]) {
    bench.add({
      figure: `a check-in beside a clinic of ${size.large.toLocaleString('en')} at its loudest, p${p}`,
      unit: 'ms',
      better: 'LESS',
      ours: percentiles(heard.noisy, p),
      floor: { runs: percentiles(heard.quiet, p), is: 'the same while that clinic is quiet' },
      ...(p === 99 ? { mark: { of: 'RATIO', bound: 1.5 } as const } : {}),
    })
  }
})

/** What a server that has run for a night has done to its tables. */
async function settle({ ownerUrl }: BenchServer): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  await client.query('VACUUM (ANALYZE) documents')
  await client.query('CHECKPOINT').catch(() => undefined)
  await client.end()
}

type CheckIn = () => Promise<number>

/** Milliseconds of each, one desk after the other. */
async function checkInOften(desks: readonly CheckIn[], times: number): Promise<number[]> {
  const taken: number[] = []
  while (taken.length < times) {
    for (const checkIn of desks) taken.push(await checkIn())
    await new Promise((resolve) => setTimeout(resolve, CHECK_IN_EVERY_MS))
  }
  return taken
}

/** A desk that checks new patients in, each in a push of its own, and says how long each took. */
async function openDesk({ url }: BenchServer, clinicId: ClinicId): Promise<CheckIn> {
  const caller: Caller = await enrolCaller(url, clinicId)
  const outbox = openOutbox(caller.identity)
  let number = 0
  let seed = 0
  const { letter } = caller.identity
  return async () => {
    number += 1
    seed += 1
    const writes = arrival({ clinicId, letter, number, seed })
    const body = printPush([outbox.sign('checkIn', writes)])
    const start = performance.now()
    const answer = await caller.post('/v1/push', body)
    if (!answer.includes('"ACCEPTED"')) throw new Error(answer.slice(0, 300))
    return performance.now() - start
  }
}

/** A new patient, their visit and what they paid. */
function arrival(of: {
  clinicId: ClinicId
  letter: string
  number: number
  seed: number
}): (fact: Fact) => Write[] {
  const { clinicId, letter, number, seed } = of
  return (fact) => {
    const now = Date.now()
    const [made] = makePatients(1, now, 10_000 + seed)
    if (made === undefined) throw new Error('nobody came')
    const patient = { ...made, clinicId, created: fact }
    const { visits, entries } = makeToday([patient], now)
    const visit = visits.find(({ status }) => status === 'WAITING')
    const [entry] = entries
    const [step] = visit?.transitions ?? []
    if (visit === undefined || step === undefined || entry === undefined)
      throw new Error('no visit')
    const ticket = { letter, number }
    const transitions = [{ ...step, ...fact }]
    const next = { ...visit, clinicId, ticket, transitions, orderKey: fact.at, created: fact }
    const paid = { ...entry, ...fact, clinicId, visitId: visit.id, queueDay: visit.queueDay }
    return [
      { collection: 'patients', id: patient.id, base: null, next: patient },
      { collection: 'visits', id: next.id, base: null, next },
      { collection: 'entries', id: paid.id, base: null, next: paid },
    ]
  }
}

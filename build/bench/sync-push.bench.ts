// What the server takes in: judged, merged, audited and stored in the feed, against one insert of the same
// documents.
import type { Write } from '#shared/commands.ts'
import type { Patient } from '#shared/patient.ts'
import { PushResponse } from '#shared/protocol.ts'
import { enrolCaller, postText } from './caller.ts'
import { makePatients } from './documents.ts'
import { type Fact, openOutbox, printPush, type Signed } from './outbox.ts'
import { startPeers } from './peers.ts'
import { chunks, medians, timed } from './samples.ts'
import { startBenchServer } from './server.ts'
import { runSuite } from './suite.ts'

const BATCH = 100
const FLOOR_IS =
  'Hono and pg alone: the same documents into a table of the same make, row-level security on, one statement and round trip'
/** Longer than a connection that is not used is kept by `pg` of itself. */
const PAUSE_MS = 15_000

await runSuite('sync-push', async (bench) => {
  const count = bench.quick ? 400 : 5_000
  const runs = bench.quick ? 1 : 3
  const existing = bench.quick ? 1_000 : 50_000
  const server = await startBenchServer(bench, { patients: existing, history: 0, today: false })
  const caller = await enrolCaller(server.url)
  const outbox = openOutbox(caller.identity)
  const peers = await startPeers(bench)
  const peerRuns = new Map(peers.map(({ name }) => [name, [] as number[]]))
  const figures = {
    single: [] as number[],
    imported: [] as number[],
    rows: [] as number[],
    floor: [] as number[],
    afterPause: { ours: [] as number[], floor: [] as number[] },
  }
  const push = async (
    pushes: readonly (readonly Signed[])[],
    documents: number,
  ): Promise<number> => {
    const made = pushes.map((commands) => {
      const body = printPush(commands)
      return { body, headers: outbox.seal(commands, body) }
    })
    const { ms, result } = await timed(async () => {
      const answers: string[] = []
      for (const { body, headers } of made) {
        answers.push(await caller.post('/v1/push', body, headers))
      }
      return answers
    })
    requireAccepted(result)
    return (documents * 1000) / ms
  }
  const pushFloor = async (
    patients: readonly Patient[],
    door: 'push-documents' | 'push-rows',
  ): Promise<number> => {
    const bodies = chunks(patients, BATCH).map((batch) => JSON.stringify(batch))
    const { ms } = await timed(async () => {
      for (const body of bodies) await postText(`${server.floorUrl}/${door}`, body)
    })
    return (patients.length * 1000) / ms
  }

  for (let run = -1; run < runs; run += 1) {
    const makeNew = (seed: number) => makePatients(count, Date.now(), 1_000 * (run + 2) + seed)
    const ofNew = (patient: Patient): Signed =>
      outbox.sign('registerPatient', (fact) => [newPatient(patient, fact)])
    const singles = makeNew(1).map(ofNew)
    const imports = chunks(makeNew(2), BATCH).map((batch) =>
      outbox.sign('importPatients', (fact) => batch.map((patient) => newPatient(patient, fact))),
    )
    const single = await push(chunks(singles, BATCH), count)
    const imported = await push(
      imports.map((command) => [command]),
      count,
    )
    const floor = await pushFloor(makeNew(3), 'push-documents')
    const rows = await pushFloor(makeNew(5), 'push-rows')
    for (const peer of peers) {
      const { ms } = await timed(() => peer.push(makeNew(4), BATCH))
      if (run >= 0) peerRuns.get(peer.name)?.push((count * 1000) / ms)
    }
    // The first pass warms what a server at work has warm.
    if (run < 0) continue
    figures.single.push(single)
    figures.imported.push(imported)
    figures.floor.push(floor)
    figures.rows.push(rows)
    await new Promise((resolve) => setTimeout(resolve, bench.quick ? 0 : PAUSE_MS))
    const [one, other] = makePatients(2, Date.now(), run)
    if (one === undefined || other === undefined) throw new Error('two patients are needed')
    figures.afterPause.ours.push(1000 / (await push([[ofNew(one)]], 1)))
    figures.afterPause.floor.push(1000 / (await pushFloor([other], 'push-documents')))
  }
  const floor = { runs: figures.floor, is: FLOOR_IS }
  const mark = { of: 'RATIO', bound: 1 / 0.5 } as const
  bench.add({
    figure: 'push, 100 commands of one document a request',
    unit: 'docs/s',
    better: 'MORE',
    ours: figures.single,
    floor,
    mark,
    peers: {
      ...medians(peerRuns),
      'Triplit, SQLite (measured earlier, another run)': 8_900,
    },
  })
  bench.add({
    figure: 'push, one command of 100 documents a request',
    unit: 'docs/s',
    better: 'MORE',
    ours: figures.imported,
    floor,
    mark,
  })
  bench.add({
    figure: 'the rows of 100 commands, with nothing read, judged or signed',
    unit: 'docs/s',
    better: 'MORE',
    ours: figures.rows,
    floor,
  })
  bench.add({
    figure: 'a push of one command after a pause',
    unit: 'ms',
    better: 'LESS',
    ours: figures.afterPause.ours,
    floor: { runs: figures.afterPause.floor, is: 'as above' },
  })
})

function newPatient(patient: Patient, created: Fact): Write {
  return { collection: 'patients', id: patient.id, base: null, next: { ...patient, created } }
}

/** A refused command is quick: a figure with one in it means nothing. */
function requireAccepted(answers: readonly string[]): void {
  for (const answer of answers) {
    for (const { verdict, code } of PushResponse.parse(JSON.parse(answer)).results) {
      if (verdict !== 'ACCEPTED') throw new Error(`a command was ${verdict}: ${code}`)
    }
  }
}

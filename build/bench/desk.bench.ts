// Every command of the desk at 100,000 patients, from the window's message until the station says it
// is durable: with the cable pulled, and with the server there, pushing and pulling meanwhile.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CallId, PatientId } from '#shared/ids.ts'
import { Visit } from '#shared/visit.ts'
import { layCable } from './cable.ts'
import { type Caller, enrolCaller } from './caller.ts'
import { enrolDesk } from './desk-process.ts'
import { type Latencies, workRound } from './desk-round.ts'
import { makePatients } from './documents.ts'
import { openOutbox, printPush } from './outbox.ts'
import { percentile } from './rows.ts'
import { startBenchServer } from './server.ts'
import { runSuite } from './suite.ts'

const ALL = 'all commands'
const WITHIN = 1.2

await runSuite('desk', async (bench) => {
  const count = bench.quick ? 1_000 : 100_000
  const [runs, rounds] = bench.quick ? [1, 2] : [3, 20]
  const server = await startBenchServer(bench, { patients: count, history: 0, today: true })
  const cable = await layCable(server.url)
  bench.onEnd(() => cable.close())
  const desk = await enrolDesk(bench, cable.url, 'desk')
  const other = await enrolCaller(server.url)
  // What a window at work watches.
  for (const query of ['board', 'session', 'sync', 'inbox'] as const) {
    desk.watch(query, {}, () => undefined)
  }
  const likenesses = makePatients(500, Date.now(), 21)
  const patients = server.feed
    .filter(({ collection }) => collection === 'patients')
    .map(({ id }) => PatientId.parse(id))
  const waiting = server.feed
    .filter(({ collection }) => collection === 'visits')
    .map(({ doc }) => Visit.parse(doc))
    .filter(({ status }) => status === 'WAITING')
  let made = 0
  const work = async (times: number): Promise<Latencies> => {
    const latencies: Latencies = new Map()
    for (let round = 0; round < times; round += 1) {
      made += 1
      const known = patients[(made * 37) % patients.length]
      const likeness = likenesses[made % likenesses.length]
      if (known === undefined || likeness === undefined) throw new Error('nobody to check in')
      await workRound(desk, { known, likeness }, latencies)
    }
    latencies.set(ALL, [...latencies.values()].flat())
    return latencies
  }

  await work(bench.quick ? 1 : 3)
  const offline: Latencies[] = []
  const online: Latencies[] = []
  // In turns: the day grows and the machine changes for both alike.
  for (let run = 0; run < runs; run += 1) {
    cable.pull()
    await desk.until('sync', {}, ({ state }) => state === 'OFFLINE')
    offline.push(await work(rounds))
    cable.plugIn()
    await desk.act('syncNow', {})
    await desk.until('sync', {}, ({ state, unsynced }) => state === 'LIVE' && unsynced === 0)
    const end = callMeanwhile(other, waiting)
    online.push(await work(rounds))
    await end()
  }
  for (const name of [ALL, ...[...(offline[0]?.keys() ?? [])].filter((key) => key !== ALL)]) {
    const of = (p: number) => (latencies: Latencies) => percentile(latencies.get(name) ?? [], p)
    for (const p of [50, 99]) {
      bench.add({
        figure: `${name}, online, p${p}`,
        unit: 'ms',
        better: 'LESS',
        ours: online.map(of(p)),
        floor: { runs: offline.map(of(p)), is: 'the same command at the same desk, offline' },
        ...(p === 99 ? { mark: { of: 'RATIO', bound: WITHIN } as const } : {}),
      })
    }
  }
})

/** Another desk at work, for there to be something to pull: a call four times a second. */
function callMeanwhile(other: Caller, waiting: readonly Visit[]): () => Promise<void> {
  const over = new AbortController()
  const outbox = openOutbox(other.identity)
  const calling = (async () => {
    for (let index = 0; !over.signal.aborted; index += 1) {
      const base = waiting[index % waiting.length]
      if (base === undefined) throw new Error('nobody waits')
      const command = outbox.sign('call', (fact) => {
        const id = CallId.parse(randomUUID())
        const next = { ...base, calls: [...base.calls, { id, ...fact, room: '1' }] }
        return [{ collection: 'visits', id: base.id, base, next }]
      })
      await other.post('/v1/push', printPush([command]))
      await sleep(250)
    }
  })()
  return async () => {
    over.abort()
    await calling
  }
}

// A desk that registers one patient after another, in a process of its own: what it takes there to open
// thousands of streams is not the server's doing. Started by `sync-streams.bench.ts`, told by messages.
import { enrolCaller } from './caller.ts'
import { makePatients } from './documents.ts'
import { openOutbox, printPush } from './outbox.ts'

const [url = ''] = process.argv.slice(2)
const EVERY_MS = 25

const caller = await enrolCaller(url)
const outbox = openOutbox(caller.identity)
const patients = makePatients(5_000, Date.now(), 9)
let stopped = new AbortController()

/** Milliseconds. */
async function register(): Promise<number> {
  const patient = patients.pop()
  if (patient === undefined) throw new Error('nobody is left to register')
  const command = outbox.sign('registerPatient', (created) => [
    { collection: 'patients', id: patient.id, base: null, next: { ...patient, created } },
  ])
  const start = performance.now()
  const answer = await caller.post('/v1/push', printPush([command]))
  if (!answer.includes('"ACCEPTED"')) throw new Error(answer.slice(0, 200))
  return performance.now() - start
}

async function work(): Promise<void> {
  stopped = new AbortController()
  const times: number[] = []
  while (!stopped.signal.aborted) {
    times.push(await register())
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
  process.send?.(times)
}

// What a server and a desk at work have warm.
for (let count = 0; count < 100; count += 1) await register()
process.on('message', (told) => {
  if (told === 'stop') stopped.abort()
  else void work()
})
process.send?.('ready')

// One large clinic at its loudest, in a process of its own, until it is told to stop: five first syncs,
// a pull of a year, and an import. Started by `neighbour.bench.ts`, told by messages.
import { Agent, type IncomingMessage, request } from 'node:http'
import { createGunzip } from 'node:zlib'
import {
  Checkpoint,
  MAX_PULL_DOCUMENTS,
  PROTOCOL_VERSION,
  type PullRequest,
} from '#shared/protocol.ts'
import { z } from 'zod'
import { type Caller, enrolCaller } from './caller.ts'
import { makePatients } from './documents.ts'
import type { Loudness } from './loudness.ts'
import { openOutbox, printPush } from './outbox.ts'
import { chunks } from './samples.ts'

const [url = ''] = process.argv.slice(2)
const FIRST_SYNCS = 5
/** Of a list of patients, as the desk cuts it. */
const IMPORT_SIZE = 100
/** Behind the documents of a page, in characters: its checkpoint is in there. */
const TAIL = 16_384

const done: Loudness = { pulled: 0, imported: 0, turnedAway: 0 }
let stopped = new AbortController()
const agent = new Agent({ keepAlive: true })

/**
 * Asked as a station asks, its answer unpacked and let go: what a station makes of it is the work of
 * another machine.
 *
 * @returns the feed number that the page ends at; null: the server said to come back later
 */
async function pull(
  caller: Caller,
  ask: Pick<PullRequest, 'checkpoint' | 'part'>,
): Promise<number | null> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = request(
    `${url}/v1/pull`,
    {
      method: 'POST',
      agent,
      headers: {
        ...caller.headers,
        'content-type': 'application/json',
        'accept-encoding': 'gzip',
      },
    },
    resolve,
  )
  asked.on('error', reject)
  asked.end(
    JSON.stringify({
      protocol: PROTOCOL_VERSION,
      limit: MAX_PULL_DOCUMENTS,
      lastCommand: 0,
      ...ask,
    } satisfies PullRequest),
  )
  const answer = await promise
  const { statusCode = 0, headers } = answer
  if (statusCode === 503) {
    answer.resume()
    done.turnedAway += 1
    await new Promise((wait) => setTimeout(wait, 1_000 * Number(headers['retry-after'] ?? 1)))
    return null
  }
  if (statusCode !== 200) throw new Error(`a pull was answered ${statusCode}`)
  const isPacked = headers['content-encoding'] === 'gzip'
  let tail = ''
  for await (const chunk of isPacked ? answer.pipe(createGunzip()) : answer) {
    tail = (tail + String(chunk)).slice(-TAIL)
  }
  return Number(/"checkpoint":\{[^}]*"seq":(\d+)/.exec(tail)?.[1])
}

/** A new desk's history, the latest first, and again. */
async function keepSyncing(caller: Caller): Promise<void> {
  let before = head + 1
  while (!stopped.signal.aborted) {
    const seq = await pull(caller, { checkpoint, part: { is: 'HISTORY', before } })
    if (seq === null) continue
    done.pulled += before - seq
    before = seq === 0 ? head + 1 : seq
  }
}

/** What a desk missed that was away for a year, and again. */
async function keepCatchingUp(caller: Caller): Promise<void> {
  const aYearAgo = Math.floor((head * 2) / 3)
  let at = aYearAgo
  while (!stopped.signal.aborted) {
    const seq = await pull(caller, { checkpoint: { ...checkpoint, seq: at } })
    if (seq === null) continue
    done.pulled += seq - at
    at = seq >= head ? aYearAgo : seq
  }
}

async function keepImporting({ caller, commands }: typeof outbox): Promise<void> {
  while (!stopped.signal.aborted) {
    const list = lists.pop()
    if (list === undefined) throw new Error('nobody is left to import')
    const command = commands.sign('importPatients', (created) =>
      list.map((patient) => ({
        collection: 'patients',
        id: patient.id,
        base: null,
        next: { ...patient, created },
      })),
    )
    const answer = await caller.post('/v1/push', printPush([command]))
    if (!answer.includes('"ACCEPTED"')) throw new Error(answer.slice(0, 200))
    done.imported += list.length
  }
}

const importer = await enrolCaller(url)
const yearly = await enrolCaller(url)
const syncing: Caller[] = []
while (syncing.length < FIRST_SYNCS) syncing.push(await enrolCaller(url))
const outbox = { caller: importer, commands: openOutbox(importer.identity) }
/** Made before it begins: the desk that reads them is another machine too. */
const lists = chunks(makePatients(40_000, Date.now(), 3), IMPORT_SIZE)
const Seen = z.object({ checkpoint: Checkpoint, head: z.number() })
const one = `{"protocol":${PROTOCOL_VERSION},"checkpoint":null,"limit":1,"lastCommand":0}`
const { checkpoint, head } = Seen.parse(JSON.parse(await importer.post('/v1/pull', one)))

process.on('message', (told) => {
  if (told === 'stop') stopped.abort()
  else void makeNoise()
})
process.send?.('ready')

async function makeNoise(): Promise<void> {
  stopped = new AbortController()
  Object.assign(done, { pulled: 0, imported: 0, turnedAway: 0 })
  await Promise.all([...syncing.map(keepSyncing), keepCatchingUp(yearly), keepImporting(outbox)])
  process.send?.(done)
}

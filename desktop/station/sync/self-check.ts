import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { CollectionName } from '#shared/collections.ts'
import { ChecksumResponse, type CollectionSum, jsonbText } from '#shared/feed-checksum.ts'
import { PROTOCOL_VERSION } from '#shared/protocol.ts'
import type { ReplicaCore } from '../replica/replica-core.ts'
import { beginMend } from '../replica/reseed.ts'
import type { StationDoor } from './station-door.ts'

const TIMEOUT_MS = 60_000
/** Documents summed in one breath: whoever checks a patient in waits for no longer than that. */
const SLICE = 200

/** MENDING: a collection differs, and all is being pulled anew. BUSY: it could not be told now. */
export type CheckOutcome = 'EQUAL' | 'MENDING' | 'BUSY'

/**
 * Proves that this replica holds what the server holds, by count and sum of each collection, and
 * mends itself if not: the pull begins anew, changes what differs and removes what is not there. The
 * outbox is kept. Told only while nothing is under way: what is pending here stands on what came.
 */
export async function checkReplica(core: ReplicaCore, door: StationDoor): Promise<CheckOutcome> {
  const { meta } = core.file
  const before = stateOf(core)
  const checkpoint = meta.get('checkpoint')
  if (before === null || checkpoint === null) return 'BUSY'
  const answer = await door.post({
    path: '/v1/checksum',
    body: { protocol: PROTOCOL_VERSION, checkpoint },
    answer: ChecksumResponse,
    timeoutMs: TIMEOUT_MS,
  })
  if (answer.head !== checkpoint.seq) return 'BUSY'
  const own: CollectionSum[] = []
  for (const collection of CollectionName.options) own.push(await sumOf(core, collection))
  // A command was made or news came meanwhile: these sums are of no one moment.
  if (stateOf(core) !== before) return 'BUSY'
  const theirs = new Map(answer.collections.map((sum) => [sum.collection, sum]))
  const isEqual = own.every(({ collection, count, sum }) => {
    const told = theirs.get(collection)
    return told === undefined ? count === 0 : told.count === count && told.sum === sum
  })
  if (isEqual) return 'EQUAL'
  beginMend(core)
  return 'MENDING'
}

/** What must not change while the sums are taken; null: something is on its way. */
function stateOf({ file }: ReplicaCore): string | null {
  const { queued, held } = file.outbox.count()
  const isWhole = file.meta.get('reseeding') === null && file.meta.get('history') === null
  if (queued + held > 0 || !isWhole) return null
  return JSON.stringify([file.meta.get('checkpoint'), file.counters.value('outbox')])
}

async function sumOf({ file }: ReplicaCore, collection: CollectionName): Promise<CollectionSum> {
  let count = 0
  let sum = 0n
  for (let after = ''; ;) {
    await setImmediate()
    const documents = file.rows.after(collection, after, SLICE)
    for (const document of documents) {
      sum += createHash('sha256').update(jsonbText(document)).digest().readBigInt64BE()
    }
    count += documents.length
    const last = documents.at(-1)
    if (last === undefined) return { collection, count, sum: String(sum) }
    after = last.id
  }
}

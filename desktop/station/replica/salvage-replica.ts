import { type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { CollectionName, type Documents, type WritableCollection } from '#shared/collections.ts'
import { Command } from '#shared/commands.ts'
import type { StationId } from '#shared/ids.ts'
import type { Salvage } from '../storage/salvage.ts'
import { parseDocument } from '../storage/stored-document.ts'
import { DATABASE_NAME, withoutMeta } from './document-rows.ts'
import type { ReplicaFile } from './replica-file.ts'
import { publicKeyObject, publicPart } from './station-key.ts'
import type { Damage, Identity } from './station-meta.ts'
import { putDocuments, raiseCounters } from './write-documents.ts'

/** What the new file must not believe of the old: it has not got all that it acknowledged. */
const NOT_TAKEN = new Set(['checkpoint', 'history', 'reseeding', 'damage', 'nextKey'])
/** What may be taken though it cannot be read whose file this was: it is nobody's. */
const OF_NOBODY = new Set(['serverUrl', 'latestTime', 'lastStamp', 'isPartial'])
/** Documents to a transaction. */
const SLICE = 1_000

/** What says which numbers were given out. */
const NUMBERS = ['counters', 'outbox']
/** Tables taken as they are, and the key to walk them by. */
const COPIED: readonly (readonly [table: string, by?: string])[] = [
  ['people'],
  ['accepted', 'seq'],
  ['masters'],
  ['given_anew'],
]
/** Not in a file that an earlier version wrote: that it cannot be read says nothing of the rest. */
const OF_LATER = new Set(['given_anew'])

const AnyRow = z.record(z.string(), z.unknown())
const MetaRow = z.object({ key: z.string(), value: z.string() })
const CounterRow = z.object({ name: z.string(), value: z.int() })
const StoredRow = z.object({ json: z.string() })
const OutboxRow = z.object({ seq: z.int(), payload: z.string(), signature: z.string() })

export interface Source {
  /** Null: nothing can be read. */
  readonly salvage: Salvage | null
  /** An older copy: what was confirmed since is not in it. */
  readonly isCopy: boolean
  /** Milliseconds. */
  readonly now: number
}

/**
 * Fills a new replica with what can be read of a damaged one.
 *
 * @returns what came of it, as also written into the new file
 */
export function salvageReplica(file: ReplicaFile, { salvage, isCopy, now }: Source): Damage {
  const partial = new Set(salvage === null || isCopy ? NUMBERS : [])
  const read = <T>(schema: z.ZodType<T>, table: string, by?: string): T[] => {
    if (salvage === null) return []
    const { rows, whole } = salvage.rows(table, by)
    const good = rows.flatMap((row) => schema.safeParse(row).data ?? [])
    if (!OF_LATER.has(table) && (!whole || good.length < rows.length)) partial.add(table)
    return good
  }
  // Numbers first: whether all were read decides the letter.
  file.store.transaction(() => {
    const meta = read(MetaRow, 'station_meta')
    const isKnown = meta.some(({ key }) => key === 'identity')
    takeMeta(file, isKnown ? meta : meta.filter(({ key }) => OF_NOBODY.has(key)))
    for (const { name, value } of read(CounterRow, 'counters')) {
      // Patients are counted as they are put.
      if (name !== 'patients') file.counters.raise(name, value)
    }
    copyRows(file, 'rejected', read(AnyRow, 'rejected'))
    // Enrolled anew, it may be another clinic's: then none of this may be here.
    for (const [table, by] of isKnown ? COPIED : []) copyRows(file, table, read(AnyRow, table, by))
  })
  const identity = file.meta.get('identity')
  for (const collection of CollectionName.options) {
    if (identity === null) break
    const table = `${DATABASE_NAME}/${collection}/0`
    const rows = read(StoredRow, table, 'seq')
    for (let from = 0; from < rows.length; from += SLICE) {
      takeDocuments(file, identity, { collection, rows: rows.slice(from, from + SLICE) })
    }
  }
  const { unread, ...outbox } = takeOutbox(file, identity, read(OutboxRow, 'outbox', 'seq'), now)
  if (unread > 0) partial.add('outbox')
  const damage: Damage = { at: now, kind: 'REPLACED', ...outbox, whole: partial.size === 0 }
  file.store.transaction(() => {
    file.meta.set('damage', damage)
    if (!damage.whole) file.meta.set('isPartial', true)
    file.meta.set('reseeding', true)
    // Whoever no longer knows their clinic gets a letter by enrolling.
    const isUnsure = NUMBERS.some((table) => partial.has(table))
    if (identity !== null && isUnsure) file.meta.set('needsLetter', true)
  })
  return damage
}

function takeMeta(file: ReplicaFile, rows: readonly z.infer<typeof MetaRow>[]): void {
  const put = file.db.prepare<[string, string]>(
    'INSERT OR REPLACE INTO station_meta (key, value) VALUES (?, ?)',
  )
  for (const { key, value } of rows) if (!NOT_TAKEN.has(key)) put.run(key, value)
}

/** Rows of the station's own tables as they are; both files were made by the same steps, or the old by fewer. */
function copyRows(file: ReplicaFile, table: string, rows: readonly z.infer<typeof AnyRow>[]): void {
  for (const row of rows) {
    const columns = Object.keys(row)
    file.db
      .prepare(
        `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      )
      .run(...Object.values(row))
  }
}

interface StoredDocuments {
  readonly collection: CollectionName
  readonly rows: readonly z.infer<typeof StoredRow>[]
}

function takeDocuments(
  file: ReplicaFile,
  identity: Identity,
  { collection, rows }: StoredDocuments,
): void {
  const documents = new Map<string, Documents[CollectionName]>()
  for (const { json } of rows) {
    const stored = parseDocument(json)
    if (stored._deleted) continue
    const doc = withoutMeta<Documents[CollectionName]>(stored)
    documents.set(doc.id, doc)
  }
  file.store.transaction((tx) => {
    putDocuments(file, tx, { collection, documents })
    for (const [id, doc] of documents) raiseCounters(file, identity.letter, { collection, id, doc })
  })
}

/**
 * What this station signed goes on as it was. Without the key, or with a signature that does not
 * fit, it can only be shown: a person enters it again.
 */
function takeOutbox(
  file: ReplicaFile,
  identity: Identity | null,
  rows: readonly z.infer<typeof OutboxRow>[],
  now: number,
): Pick<Damage, 'kept' | 'listed'> & { unread: number } {
  const keys = ownKeys(file, identity)
  const isSigned = (
    { payload, signature }: z.infer<typeof OutboxRow>,
    { stationId }: Command,
  ): boolean => {
    const key = keys.get(stationId)
    return (
      key !== undefined &&
      verify(null, Buffer.from(payload), key, Buffer.from(signature, 'base64url'))
    )
  }
  let kept = 0
  let listed = 0
  let unread = 0
  file.store.transaction((tx) => {
    for (const row of rows) {
      const command = parseCommand(row.payload)
      if (command === null) {
        unread += 1
        continue
      }
      if (!isSigned(row, command)) {
        file.outbox.reject({ command, code: 'DAMAGED', details: {}, answeredAt: now })
        listed += 1
        continue
      }
      kept += 1
      file.outbox.append(command, row)
      file.counters.raise('outbox', command.seq)
      for (const { collection, id, next } of command.writes) {
        // What it wrote may have stood on a page that is gone.
        if (tx.get(collection, id) === undefined) putWritten(file, tx, { collection, next })
        if (identity !== null) raiseCounters(file, identity.letter, { collection, id, doc: next })
      }
    }
  })
  return { kept, listed, unread }
}

/** Of this station, and of those that this installation was before. */
function ownKeys(file: ReplicaFile, identity: Identity | null): Map<StationId, KeyObject> {
  if (identity === null) return new Map()
  const { stationId, key } = identity
  const all = [...(file.meta.get('formerly') ?? []), { stationId, publicKey: publicPart(key) }]
  return new Map(all.map((each) => [each.stationId, publicKeyObject(each.publicKey)]))
}

function putWritten(
  file: ReplicaFile,
  tx: Parameters<typeof putDocuments>[1],
  { collection, next }: { collection: WritableCollection; next: Documents[WritableCollection] },
): void {
  putDocuments(file, tx, { collection, documents: new Map([[next.id, next]]) })
}

function parseCommand(payload: string): Command | null {
  try {
    return Command.safeParse(JSON.parse(payload)).data ?? null
  } catch {
    return null
  }
}

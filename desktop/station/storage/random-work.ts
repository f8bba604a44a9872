import { fillWithDefaultSettings, type RxJsonSchema } from 'rxdb'

import type { SearchSource } from './search-index.ts'
import type { Fields } from './stored-document.ts'
import { openStore, type Store } from './store.ts'

/**
 * Random transactions that a seed and a number say whole, for random-writer.ts, which makes them until it is killed,
 * and for the tests, which know from them what must then be in the file. Shared by this folder's tests.
 */

export const COLLECTIONS = ['visits', 'invoices'] as const
export type Place = (typeof COLLECTIONS)[number]

export interface Work {
  readonly puts: ReadonlyArray<{ place: Place; document: Fields }>
  /** Told to nobody as kept: it need not wait for the disk. */
  readonly isRepeatable: boolean
}

/** What stands after some works: of each collection the live documents' text, by id. */
export type Contents = Record<Place, Map<string, string>>

const WORDS = ['أحمد', 'فاطمة', 'waiting', 'كشف', 'x', 'done', 'يحيى', '٠١٢', 'zz']

/** mulberry32 (Tommy Ettinger, public domain): small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** @param n from 1 */
export function workOf(seed: number, n: number): Work {
  const random = randomOf(seed * 1_000_003 + n)
  const upTo = (limit: number): number => Math.floor(random() * limit)
  const word = (): string => WORDS[upTo(WORDS.length)] ?? ''
  // Most are a command's size; some are longer than the page cache has patience for.
  const size = random() < 0.05 ? 200 : 1 + upTo(4)
  const puts = Array.from({ length: size }, () => ({
    place: COLLECTIONS[upTo(2)] ?? 'visits',
    document: {
      id: `d${upTo(400)}`,
      status: word(),
      text: Array.from({ length: upTo(12) }, word).join(' '),
      _deleted: random() < 0.2,
    },
  }))
  return { puts, isRepeatable: random() < 0.3 }
}

export function noContents(): Contents {
  return { visits: new Map(), invoices: new Map() }
}

export function addWork(contents: Contents, { puts }: Work): void {
  for (const { place, document } of puts) {
    const id = String(document['id'])
    if (document['_deleted'] === true) contents[place].delete(id)
    else contents[place].set(id, `${String(document['status'])}|${String(document['text'])}`)
  }
}

const SCHEMA: RxJsonSchema<Fields> = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 40 },
    status: { type: 'string', maxLength: 20 },
    text: { type: 'string' },
  },
  required: ['id'],
  indexes: ['status', ['status', 'id']],
}

/** What of a document's text is searched under a version: other words for each. */
export const wordsOf = (text: string, version: number): string => `v${version} ${text}`

/** In the transaction of a work, at its end: that it was made, and the sequence it has come to. */
export function prepareNote({ db }: Store): (n: number) => void {
  const [one, other] = COLLECTIONS.map((place) => `(SELECT max(seq) FROM "clinic/${place}/0")`)
  const note = db.prepare<[number]>(
    `INSERT INTO works (n, seq) VALUES (?, max(coalesce(${one}, 0), coalesce(${other}, 0)))`,
  )
  return (n) => void note.run(n)
}

/** The file's first key is 7; rekey-writer.ts goes on from there. */
export const FIRST_KEY = 7
export const keyOf = (number: number): Uint8Array => new Uint8Array(32).fill(number % 256)

/** @param version of the search index: of another than the file's it is made anew, in `tidySearch` */
export async function openWork(path: string, version: number, key = FIRST_KEY): Promise<Store> {
  const search: SearchSource = {
    version,
    text: (document) => wordsOf(String(document['text']), version),
  }
  const store = openStore({
    path,
    key: keyOf(key),
    search: { visits: search, invoices: search },
  })
  for (const collectionName of COLLECTIONS) {
    await store.storage.createStorageInstance({
      databaseInstanceToken: 'token',
      databaseName: 'clinic',
      collectionName,
      schema: fillWithDefaultSettings(SCHEMA),
      options: {},
      multiInstance: false,
      devMode: false,
    })
  }
  store.db.exec('CREATE TABLE IF NOT EXISTS works (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL)')
  return store
}

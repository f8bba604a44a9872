import type Database from 'better-sqlite3'

import { quote, type CollectionTable } from './collection-table.ts'
import type { StoredDocument } from './stored-document.ts'

/** What of a collection's documents can be searched. */
export interface SearchSource {
  /** Raise it whenever `text` changes: the index is then rebuilt when the collection is next opened. */
  readonly version: number
  /** The document's words, already normalised the way the words of a search will be. */
  text(document: Record<string, unknown>): string
}

export interface SearchIndex {
  /** @param previous undefined: the table has never had the document */
  write(id: string, document: StoredDocument, previous: StoredDocument | undefined): void
  find(match: string, limit: number): string[]
  /** Much is coming: its words are only gathered from now on, until `merge` has made one index of them. */
  gather(): void
  /**
   * One step, some milliseconds, towards one index of what was gathered; without an effect on what is found.
   * @returns false when nothing was left to merge
   */
  merge(): boolean
  drop(): void
}

/**
 * Ranking is what a search costs: one letter that 100,000 patients share took 55 ms to rank and 3 ms with this bound.
 * With more matches than this nobody finds a person by rank, but by typing on.
 */
const RANKED_AT_MOST = 2_000

/**
 * FTS5 writes a piece with each transaction, and from the fourth on merges them as it goes: of a first sync that was
 * half the time. Gathering, it merges nothing until there are far more pieces than searches mind (100 cost them a
 * fifth), and far fewer than the 2,000 it can hold.
 */
const MERGING = { automerge: 4, crisismerge: 16 }
const GATHERING = { automerge: 0, crisismerge: 256 }

/** Pages of the index that one step of merging writes: about 20 ms. */
const MERGE_PAGES = 100

/**
 * A full-text index in the collection's own transactions. The words stand in a table beside it (FTS5's external
 * content), so a write that leaves them alone costs one look-up.
 */
export function openSearchIndex(
  db: Database.Database,
  table: CollectionTable,
  source: SearchSource,
): SearchIndex {
  const words = quote(`${table.name}#words`)
  const index = quote(`${table.name}#search`)
  const config = quote(`${table.name}#search_config`)
  const built = db
    .prepare<[string], number | null>('SELECT search FROM store_collections WHERE name = ?')
    .pluck()
    .get(table.name)
  const drop = (): void =>
    void db.exec(`DROP TABLE IF EXISTS ${index}; DROP TABLE IF EXISTS ${words}`)
  const parts = { words, index, config, source, drop }
  if (built === source.version) return prepareIndex(db, parts)

  const rebuild = db.transaction(() => {
    drop()
    db.exec(
      `CREATE TABLE ${words} (doc INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL)`,
    )
    db.exec(
      `CREATE VIRTUAL TABLE ${index} USING fts5(text, content=${words}, content_rowid='doc', prefix='1 2 3 4', tokenize="unicode61 remove_diacritics 0")`,
    )
    const insert = db.prepare<[string, string]>(`INSERT INTO ${words} (id, text) VALUES (?, ?)`)
    for (let seq = 0, more = true; more;) {
      const page = table.readSince(seq, 1000)
      for (const document of page.documents) {
        if (document._deleted) continue
        insert.run(String(document[table.primaryPath]), source.text(document))
      }
      more = page.documents.length > 0
      seq = page.seq
    }
    // All at once from the words: a third of the time that one by one takes.
    db.exec(`INSERT INTO ${index} (${index}) VALUES ('rebuild')`)
    const prepared = prepareIndex(db, parts)
    db.prepare('UPDATE store_collections SET search = ? WHERE name = ?').run(
      source.version,
      table.name,
    )
    return prepared
  })
  return rebuild.immediate()
}

interface IndexParts {
  readonly words: string
  readonly index: string
  /** FTS5's own table of settings */
  readonly config: string
  readonly source: SearchSource
  readonly drop: () => void
}

function prepareIndex(
  db: Database.Database,
  { words, index, config, source, drop }: IndexParts,
): SearchIndex {
  const select = db.prepare<[string], { doc: number; text: string }>(
    `SELECT doc, text FROM ${words} WHERE id = ?`,
  )
  const insert = db.prepare<[string, string]>(`INSERT INTO ${words} (id, text) VALUES (?, ?)`)
  const update = db.prepare<[string, number]>(`UPDATE ${words} SET text = ? WHERE doc = ?`)
  const remove = db.prepare<[number]>(`DELETE FROM ${words} WHERE doc = ?`)
  const addEntry = db.prepare<[number | bigint, string]>(
    `INSERT INTO ${index} (rowid, text) VALUES (?, ?)`,
  )
  const removeEntry = db.prepare<[number, string]>(
    `INSERT INTO ${index} (${index}, rowid, text) VALUES ('delete', ?, ?)`,
  )
  // Numbers must be integers to FTS5, and only a bigint is bound as one.
  const configure = db.prepare<[string, bigint]>(
    `INSERT INTO ${index} (${index}, rank) VALUES (?, ?)`,
  )
  const setUp = db.transaction((merging: typeof MERGING) => {
    for (const [name, value] of Object.entries(merging)) configure.run(name, BigInt(value))
  })
  const countChanges = db.prepare<[], number>('SELECT total_changes()').pluck()
  // FTS5 keeps it in the file: a first sync that was cut off is merged by the next process.
  let isGathered =
    db.prepare(`SELECT 1 FROM ${config} WHERE k = 'automerge' AND v = 0`).get() !== undefined
  let hasBegun = false
  const match = db
    .prepare<[string, number], string>(
      `SELECT words.id FROM (SELECT rowid AS doc, rank AS score FROM ${index} WHERE text MATCH ? LIMIT ${RANKED_AT_MOST}) AS found
       JOIN ${words} AS words ON words.doc = found.doc ORDER BY found.score, found.doc DESC LIMIT ?`,
    )
    .pluck()
  return {
    write(id, document, previous) {
      const text = document._deleted ? undefined : source.text(document)
      const before = previous === undefined ? undefined : select.get(id)
      if (before?.text === text) return
      if (before !== undefined) removeEntry.run(before.doc, before.text)
      if (text === undefined) {
        if (before !== undefined) remove.run(before.doc)
      } else if (before === undefined) {
        addEntry.run(insert.run(id, text).lastInsertRowid, text)
      } else {
        update.run(text, before.doc)
        addEntry.run(before.doc, text)
      }
    },
    find: (query, limit) => match.all(query, limit),
    gather() {
      if (isGathered) return
      setUp.immediate(GATHERING)
      isGathered = true
      hasBegun = false
    },
    // sqlite.org/fts5.html#the_merge_command: negative puts all pieces on one level first, and who changes fewer than
    // two rows has merged nothing.
    merge() {
      if (!isGathered) return false
      const before = countChanges.get() ?? 0
      configure.run('merge', BigInt(hasBegun ? MERGE_PAGES : -MERGE_PAGES))
      hasBegun = true
      if ((countChanges.get() ?? 0) - before >= 2) return true
      setUp.immediate(MERGING)
      isGathered = false
      return true
    },
    drop,
  }
}

import type Database from 'better-sqlite3'

import { quote, type CollectionTable } from './collection-table.ts'
import type { StoredDocument } from './stored-document.ts'

/** What of a collection's documents can be searched. */
export interface SearchSource {
  /** From 1. Raise it whenever `text` changes: the index is then made anew by `Store.tidySearch`. */
  readonly version: number
  /** The document's words, already normalised the way the words of a search will be. */
  text(document: Record<string, unknown>): string
}

export interface SearchIndex {
  /** Of one transaction, by id, at its end. */
  write(changes: Iterable<readonly [id: string, change: SearchChange]>): void
  find(match: string, limit: number): string[]
  /** False while it is being made anew: some documents are found by the words of another version only. */
  isWhole(): boolean
  /** Much is coming: its words are only gathered from now on, until `tidy` has made one index of them. */
  gather(): void
  /**
   * One step, for as long as `hasTime`, of making anew what another version of the source has made, and then towards one
   * index of what was gathered. A document that it has not come to is found by its old words.
   * @returns false when nothing was left to do
   */
  tidy(hasTime: () => boolean): boolean
  /**
   * After a transaction that failed. A disk that is full in the middle of FTS5's own writing leaves it with words of what
   * was rolled back, and its next commit would write them.
   */
  forgetUncommitted(): void
  drop(): void
}

export interface SearchChange {
  readonly document: StoredDocument
  /** undefined: the table has never had the document */
  readonly previous: StoredDocument | undefined
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

/** Pages of the index that one step of merging writes: some milliseconds. */
const MERGE_PAGES = 16

/** Documents that are prepared between two looks at the clock. */
const PREPARED_AT_ONCE = 10

/**
 * A full-text index in the collection's own transactions. The words stand in a table beside it (FTS5's external
 * content), so a write that leaves them alone costs one look-up.
 */
export function openSearchIndex(
  db: Database.Database,
  table: CollectionTable,
  source: SearchSource,
): SearchIndex {
  const names = {
    words: quote(`${table.name}#words`),
    index: quote(`${table.name}#search`),
    config: quote(`${table.name}#search_config`),
  }
  const version = openVersion(db, table, source.version)
  const begin = db.transaction(() => {
    // Of four letters and more few words begin alike: they are found among those of three in a few ms, and
    // a prefix less is a fifth less to write. A file that has the fourth keeps it.
    db.exec(
      `CREATE TABLE IF NOT EXISTS ${names.words} (doc INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL);
       CREATE VIRTUAL TABLE IF NOT EXISTS ${names.index} USING fts5(text, content=${names.words}, content_rowid='doc', prefix='1 2 3', tokenize="unicode61 remove_diacritics 0")`,
    )
    version.begin()
  })
  if (version.isOther()) begin.immediate()
  const words = prepareWords(db, names, source)
  const pieces = prepareMerging(db, names)

  const makeAnew = (hasTime: () => boolean): void => {
    do {
      const { documents, seq } = table.readSince(version.reached(), PREPARED_AT_ONCE)
      words.write(
        documents.map((document) => [
          String(document[table.primaryPath]),
          // It may have words, of an earlier version or of this.
          { document, previous: document },
        ]),
      )
      if (documents.length < PREPARED_AT_ONCE) {
        version.end()
        return
      }
      version.reach(seq)
    } while (hasTime())
  }

  return {
    ...words,
    isWhole: () => !version.isBegun(),
    gather: pieces.gather,
    tidy(hasTime) {
      if (!version.isBegun()) return pieces.mergeAll()
      // By hand, a little at a time: FTS5 by itself would merge in the middle of a commit, for as long as that takes.
      pieces.gather()
      if (!pieces.mergeSome()) makeAnew(hasTime)
      return true
    },
    forgetUncommitted: pieces.forgetUncommitted,
    drop() {
      db.exec(`DROP TABLE IF EXISTS ${names.index}; DROP TABLE IF EXISTS ${names.words}`)
      version.forget()
    },
  }
}

/**
 * Under which version of its source an index was made: in `store_collections`, as a negative number while it is being
 * made under that one, and in `store_meta` how far. In the file, so that the next process goes on there.
 */
function openVersion(db: Database.Database, table: CollectionTable, version: number) {
  const key = `search of ${table.name}`
  const select = db
    .prepare<[string], number | null>('SELECT search FROM store_collections WHERE name = ?')
    .pluck()
  const update = db.prepare<[number, string]>(
    'UPDATE store_collections SET search = ? WHERE name = ?',
  )
  const selectReached = db
    .prepare<[string], number>('SELECT value FROM store_meta WHERE key = ?')
    .pluck()
  const reach = db.prepare<[string, number]>(
    'INSERT OR REPLACE INTO store_meta (key, value) VALUES (?, ?)',
  )
  const forget = db.prepare<[string]>('DELETE FROM store_meta WHERE key = ?')
  const end = (): void => {
    update.run(version, table.name)
    forget.run(key)
  }
  /** Once it is whole nobody need ask again. */
  let isWhole = false
  return {
    isOther: () => Math.abs(select.get(table.name) ?? 0) !== version,
    begin() {
      const isEmpty = table.readSince(0, 1).documents.length === 0
      if (isEmpty) {
        end()
        return
      }
      update.run(-version, table.name)
      forget.run(key)
    },
    isBegun() {
      isWhole ||= select.get(table.name) === version
      return !isWhole
    },
    /** The sequence of the last document that was come to. */
    reached: () => selectReached.get(key) ?? 0,
    reach: (seq: number) => void reach.run(key, seq),
    end,
    forget: () => void forget.run(key),
  }
}

interface IndexNames {
  readonly words: string
  readonly index: string
  /** FTS5's own table of settings */
  readonly config: string
}

function prepareWords(
  db: Database.Database,
  { words, index }: IndexNames,
  source: SearchSource,
): Pick<SearchIndex, 'write' | 'find'> {
  const select = db.prepare<[string], { doc: number; text: string }>(
    `SELECT doc, text FROM ${words} WHERE id = ?`,
  )
  const insert = db.prepare<[string, string]>(`INSERT INTO ${words} (id, text) VALUES (?, ?)`)
  const update = db.prepare<[string, number]>(`UPDATE ${words} SET text = ? WHERE doc = ?`)
  const remove = db.prepare<[number]>(`DELETE FROM ${words} WHERE doc = ?`)
  const addEntry = db.prepare<[number, string]>(`INSERT INTO ${index} (rowid, text) VALUES (?, ?)`)
  const addEntriesFrom = db.prepare<[number | bigint]>(
    `INSERT INTO ${index} (rowid, text) SELECT doc, text FROM ${words} WHERE doc >= ?`,
  )
  const removeEntry = db.prepare<[number, string]>(
    `INSERT INTO ${index} (${index}, rowid, text) VALUES ('delete', ?, ?)`,
  )
  // sqlite.org/fts5.html#the_secure_delete_configuration_option: else the words stay in their piece until it is merged.
  const configure = db.prepare<[bigint]>(
    `INSERT INTO ${index} (${index}, rank) VALUES ('secure-delete', ?)`,
  )
  /** Of a document that has lost all its words: somebody must be forgotten. */
  const forgetEntry = (doc: number, text: string): void => {
    configure.run(1n)
    removeEntry.run(doc, text)
    configure.run(0n)
  }
  const match = db
    .prepare<[string, number], string>(
      `SELECT words.id FROM (SELECT rowid AS doc, rank AS score FROM ${index} WHERE text MATCH ? LIMIT ${RANKED_AT_MOST}) AS found
       JOIN ${words} AS words ON words.doc = found.doc ORDER BY found.score, found.doc DESC LIMIT ?`,
    )
    .pluck()
  /** @returns its number, if it has words for the first time; they are not in the index yet */
  const writeOne = (id: string, { document, previous }: SearchChange): number | bigint | null => {
    const text = document._deleted ? undefined : source.text(document)
    const before = previous === undefined ? undefined : select.get(id)
    if (before?.text === text) return null
    if (before === undefined)
      return text === undefined ? null : insert.run(id, text).lastInsertRowid
    if (text === '') forgetEntry(before.doc, before.text)
    else removeEntry.run(before.doc, before.text)
    if (text === undefined) remove.run(before.doc)
    else {
      update.run(text, before.doc)
      addEntry.run(before.doc, text)
    }
    return null
  }
  return {
    write(changes) {
      let first: number | bigint | null = null
      for (const [id, change] of changes) {
        const number = writeOne(id, change)
        first ??= number
      }
      // One statement for all of them: numbers only grow, so from the first on all are new.
      if (first !== null) addEntriesFrom.run(first)
    },
    find: (query, limit) => match.all(query, limit),
  }
}

interface Pieces {
  gather(): void
  /** A step towards few pieces. @returns false when they are few */
  mergeSome(): boolean
  /** A step towards one. @returns false when nothing was gathered */
  mergeAll(): boolean
  forgetUncommitted(): void
}

function prepareMerging(db: Database.Database, { index, config }: IndexNames): Pieces {
  // Numbers must be integers to FTS5, and only a bigint is bound as one.
  const configure = db.prepare<[string, bigint]>(
    `INSERT INTO ${index} (${index}, rank) VALUES (?, ?)`,
  )
  const setUp = db.transaction((merging: typeof MERGING) => {
    for (const [name, value] of Object.entries(merging)) configure.run(name, BigInt(value))
  })
  const countChanges = db.prepare<[], number>('SELECT total_changes()').pluck()
  // sqlite.org/fts5.html#the_merge_command: negative puts all pieces on one level first, and who changes fewer than two
  // rows has merged nothing.
  const merge = (pages: number): boolean => {
    const before = countChanges.get() ?? 0
    configure.run('merge', BigInt(pages))
    return (countChanges.get() ?? 0) - before >= 2
  }
  // FTS5 keeps it in the file: a first sync that was cut off is merged by the next process.
  let isGathered =
    db.prepare(`SELECT 1 FROM ${config} WHERE k = 'automerge' AND v = 0`).get() !== undefined
  let hasBegun = false
  return {
    forgetUncommitted() {
      try {
        // What any transaction of its own does to it, undone: with that goes all that it holds.
        db.exec('BEGIN')
        configure.run('automerge', BigInt(MERGING.automerge))
      } catch {
        // The fault is still there: whoever comes next hears of it.
      } finally {
        if (db.inTransaction) db.exec('ROLLBACK')
      }
    },
    gather() {
      if (isGathered) return
      setUp.immediate(GATHERING)
      isGathered = true
      hasBegun = false
    },
    mergeSome: () => merge(MERGE_PAGES),
    mergeAll() {
      if (!isGathered) return false
      const hasMerged = merge(hasBegun ? MERGE_PAGES : -MERGE_PAGES)
      hasBegun = true
      if (hasMerged) return true
      setUp.immediate(MERGING)
      isGathered = false
      return true
    },
  }
}

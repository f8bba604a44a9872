import type Database from 'better-sqlite3'

import { quote } from './collection-table.ts'
import { readMeta } from './connection.ts'

/**
 * The number of the last write, which each row has of its own last one: so the tables say it themselves, and a commit has
 * a page less to write. Kept beside them is only what rows knew that are no longer there.
 */
export function readSequence(db: Database.Database): number {
  const names = db.prepare<[], string>('SELECT name FROM store_collections').pluck().all()
  const last = names.map((name) => {
    const select = db.prepare<[], number | null>(`SELECT max(seq) FROM ${quote(name)}`)
    return select.pluck().get() ?? 0
  })
  return Math.max(readMeta(db, 'sequence'), ...last)
}

/** @returns how to keep it, in the transaction that takes rows away or before it: no number may be handed out again */
export function prepareKeeping(db: Database.Database): (sequence: number) => void {
  const keep = db.prepare<[number, number]>(
    "UPDATE store_meta SET value = ? WHERE key = 'sequence' AND value < ?",
  )
  return (sequence) => void keep.run(sequence, sequence)
}

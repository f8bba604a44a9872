import type Database from 'better-sqlite3'
import type { CollectionName } from '#shared/collections.ts'

/**
 * Collections whose documents may hold values that lost against others, and that no view watches live:
 * those of patients and visits are found by `views/conflict-index.ts`.
 */
export const CONTESTED = ['encounters', 'prescriptions', 'appointments', 'inventory'] as const
export type ContestedCollection = (typeof CONTESTED)[number]

/** Which documents hold such a value that nobody has dealt with; written with the document itself. */
export interface Contested {
  ids(collection: ContestedCollection): string[]
  note(collection: CollectionName, id: string, documents: BeforeAndAfter): void
}

interface BeforeAndAfter {
  readonly before: object | null
  readonly after: object | null
}

export function openContested(db: Database.Database): Contested {
  const select = db
    .prepare<[string], string>('SELECT id FROM contested WHERE collection = ?')
    .pluck()
  const insert = db.prepare<[string, string]>(
    'INSERT OR IGNORE INTO contested (collection, id) VALUES (?, ?)',
  )
  const remove = db.prepare<[string, string]>(
    'DELETE FROM contested WHERE collection = ? AND id = ?',
  )
  return {
    ids: (collection) => select.all(collection),
    note(collection, id, { before, after }) {
      if (!CONTESTED.some((name) => name === collection)) return
      if (isContested(after)) insert.run(collection, id)
      else if (isContested(before)) remove.run(collection, id)
    },
  }
}

function isContested(document: object | null): boolean {
  if (document === null) return false
  // Casts: documents of these collections merge by field
  const superseded = Reflect.get(document, 'superseded') as readonly { id: string }[]
  if (superseded.length === 0) return false
  const settled = Reflect.get(document, 'settled') as readonly string[]
  return superseded.some(({ id }) => !settled.includes(id))
}

import type Database from 'better-sqlite3'

/**
 * Durable numbers. They are written in the transaction of what they number, or not at all. Those of
 * documents are named by `numbers` in the rules of their collection.
 */
export interface Counters {
  names(): string[]
  value(name: string): number
  /** Adds and returns the new value. */
  add(name: string, amount: number): number
  /** Never goes back: a number seen on a document of this station counts as given. */
  raise(name: string, atLeast: number): void
  reset(name: string): void
}

export function openCounters(db: Database.Database): Counters {
  const select = db.prepare<[string], number>('SELECT value FROM counters WHERE name = ?').pluck()
  const add = db
    .prepare<[string, number], number>(
      `INSERT INTO counters (name, value) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value`,
    )
    .pluck()
  const raise = db.prepare<[string, number]>(
    `INSERT INTO counters (name, value) VALUES (?, ?)
     ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)`,
  )
  const selectNames = db.prepare<[], string>('SELECT name FROM counters').pluck()
  const drop = db.prepare<[string]>('DELETE FROM counters WHERE name = ?')
  return {
    names: () => selectNames.all(),
    value: (name) => select.get(name) ?? 0,
    add(name, amount) {
      const value = add.get(name, amount)
      if (value === undefined) throw new Error(`no value of counter ${name}`)
      return value
    },
    raise: (name, atLeast) => void raise.run(name, atLeast),
    reset: (name) => void drop.run(name),
  }
}

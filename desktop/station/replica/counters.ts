import type Database from 'better-sqlite3'
import type { CalendarDate } from '#shared/fields.ts'

/** Durable numbers. They are written in the transaction of what they number, or not at all. */
export type CounterName = 'outbox' | 'receipt' | 'patients' | `ticket:${CalendarDate}`

export interface Counters {
  names(): CounterName[]
  value(name: CounterName): number
  /** Adds and returns the new value. */
  add(name: CounterName, amount: number): number
  /** Never goes back: a number seen on a document of this station counts as given. */
  raise(name: CounterName, atLeast: number): void
  reset(name: CounterName): void
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
  const selectNames = db.prepare<[], CounterName>('SELECT name FROM counters').pluck()
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

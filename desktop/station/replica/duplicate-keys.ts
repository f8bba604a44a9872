import type Database from 'better-sqlite3'
import { PatientId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import { duplicateKey } from '#shared/patient-csv.ts'

/** Who has the same normalised name and phone: kept in the transactions that write patients. */
export interface DuplicateKeys {
  update(before: Patient | null, after: Patient | null): void
  find(key: string): PatientId[]
}

export function openDuplicateKeys(db: Database.Database): DuplicateKeys {
  const insert = db.prepare<[string, string]>(
    'INSERT OR IGNORE INTO duplicate_keys (key, patient_id) VALUES (?, ?)',
  )
  const drop = db.prepare<[string, string]>(
    'DELETE FROM duplicate_keys WHERE key = ? AND patient_id = ?',
  )
  const select = db
    .prepare<[string], string>(
      'SELECT patient_id FROM duplicate_keys WHERE key = ? ORDER BY patient_id',
    )
    .pluck()
  return {
    update(before, after) {
      const had = before === null ? [] : keysOf(before)
      const has = after === null ? [] : keysOf(after)
      for (const key of had) {
        if (before !== null && !has.includes(key)) drop.run(key, before.id)
      }
      for (const key of has) {
        if (after !== null && !had.includes(key)) insert.run(key, after.id)
      }
    },
    find: (key) => select.all(key).map((id) => PatientId.parse(id)),
  }
}

/** One key for each phone; one of the name alone for who has none. */
function keysOf({ name, phones }: Pick<Patient, 'name' | 'phones'>): string[] {
  const keys =
    phones.length === 0
      ? [duplicateKey(name, null)]
      : phones.map((phone) => duplicateKey(name, phone))
  return [...new Set(keys)]
}

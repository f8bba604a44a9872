import type Database from 'better-sqlite3'
import { AppError } from '#shared/errors.ts'

/**
 * The station's own tables, in the clinic's one encrypted file beside the documents. Forward only:
 * a step is never edited, the next is appended. `user_version` counts the steps taken.
 */
const STEPS: readonly (string | ((db: Database.Database) => void))[] = [
  `CREATE TABLE station_meta (
     key TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE counters (
     name TEXT PRIMARY KEY,
     value INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE outbox (
     seq INTEGER PRIMARY KEY,
     command_id TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL,
     author TEXT NOT NULL,
     at TEXT NOT NULL,
     patient_id TEXT,
     payload TEXT NOT NULL,
     signature TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('QUEUED', 'HELD')),
     heard INTEGER NOT NULL DEFAULT 0,
     code TEXT,
     details TEXT NOT NULL
   );
   CREATE TABLE outbox_writes (
     collection TEXT NOT NULL,
     id TEXT NOT NULL,
     seq INTEGER NOT NULL REFERENCES outbox (seq),
     PRIMARY KEY (collection, id, seq)
   ) WITHOUT ROWID;
   CREATE INDEX outbox_writes_by_seq ON outbox_writes (seq);
   CREATE TABLE accepted (
     seq INTEGER PRIMARY KEY,
     command_id TEXT NOT NULL,
     name TEXT NOT NULL,
     author TEXT NOT NULL,
     at TEXT NOT NULL,
     patient_id TEXT,
     payload TEXT NOT NULL,
     signature TEXT NOT NULL,
     accepted_at INTEGER NOT NULL
   );
   CREATE TABLE masters (
     collection TEXT NOT NULL,
     id TEXT NOT NULL,
     doc TEXT NOT NULL,
     PRIMARY KEY (collection, id)
   ) WITHOUT ROWID;
   CREATE TABLE rejected (
     command_id TEXT PRIMARY KEY,
     payload TEXT NOT NULL,
     code TEXT NOT NULL,
     details TEXT NOT NULL,
     answered_at INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE duplicate_keys (
     key TEXT NOT NULL,
     patient_id TEXT NOT NULL,
     PRIMARY KEY (key, patient_id)
   ) WITHOUT ROWID;
   CREATE TABLE reseeded (
     collection TEXT NOT NULL,
     id TEXT NOT NULL,
     PRIMARY KEY (collection, id)
   ) WITHOUT ROWID;
   CREATE TABLE people (
     user_id TEXT PRIMARY KEY,
     email TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL,
     roles TEXT NOT NULL,
     password TEXT NOT NULL,
     pin TEXT,
     failed INTEGER NOT NULL DEFAULT 0,
     locked_until INTEGER NOT NULL DEFAULT 0,
     pin_failed INTEGER NOT NULL DEFAULT 0
   ) WITHOUT ROWID;`,
  // The search index answers what it did.
  'DROP TABLE duplicate_keys;',
  // Version 2 of the protocol: what the server sent under version 1 is not all there is.
  (db) => {
    db.exec(`
      INSERT OR REPLACE INTO station_meta (key, value)
        SELECT 'reseeding', 'true' FROM station_meta WHERE key = 'checkpoint';
      DELETE FROM station_meta WHERE key = 'checkpoint';
      DELETE FROM reseeded;`)
    const hasTable = db.prepare<[string]>('SELECT 1 FROM sqlite_master WHERE name = ?')
    if (hasTable.get('dawr/patients/0') === undefined) return
    db.exec(`
      UPDATE "dawr/patients/0"
        SET json = json_insert(json, '$.allergies', json('[]'), '$.conditions', json('[]'))`)
  },
  // That a file was not whole was remembered with what people are told of it.
  `INSERT INTO station_meta (key, value)
     SELECT 'isPartial', 'true' FROM station_meta
     WHERE key = 'damage' AND json_extract(value, '$.whole') = 0;`,
  // What lost against another value in a record, and waits for a person.
  (db) => {
    db.exec(`
      CREATE TABLE contested (
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (collection, id)
      ) WITHOUT ROWID;`)
    const hasTable = db.prepare<[string]>('SELECT 1 FROM sqlite_master WHERE name = ?')
    for (const collection of ['encounters', 'prescriptions', 'appointments', 'inventory']) {
      if (hasTable.get(`dawr/${collection}/0`) === undefined) continue
      db.exec(`
        INSERT INTO contested (collection, id)
          SELECT '${collection}', id FROM "dawr/${collection}/0"
          WHERE deleted = 0 AND json_array_length(json, '$.superseded') > 0;`)
    }
  },
  // Numbers that the server found taken: on paper stands another than here.
  `CREATE TABLE given_anew (
     command_id TEXT NOT NULL,
     collection TEXT NOT NULL,
     id TEXT NOT NULL,
     author TEXT NOT NULL,
     at TEXT NOT NULL,
     taken TEXT NOT NULL,
     given TEXT NOT NULL,
     seen INTEGER NOT NULL DEFAULT 0,
     answered_at INTEGER NOT NULL,
     PRIMARY KEY (command_id, collection)
   ) WITHOUT ROWID;`,
]

/** @throws AppError PROTOCOL_VERSION when a later version of the app has written this file */
export function prepareTables(db: Database.Database): void {
  const taken = Number(db.pragma('user_version', { simple: true }))
  if (taken > STEPS.length) throw new AppError('PROTOCOL_VERSION', { file: taken })
  const takeStep = db.transaction((index: number, step: (typeof STEPS)[number]) => {
    if (typeof step === 'string') db.exec(step)
    else step(db)
    db.pragma(`user_version = ${index + 1}`)
  })
  for (const [index, step] of STEPS.entries()) {
    if (index >= taken) takeStep.immediate(index, step)
  }
}

import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CollectionName } from '#shared/collections.ts'
import type { ClinicId, PatientId, VisitId } from '#shared/ids.ts'
import { idOf } from '#shared/test-values.ts'
import { openPeople } from '../session/people.ts'
import { openStore } from '../storage/store.ts'
import { openClinicFile } from './open-file.ts'
import { applyPage } from './pulled-pages.ts'
import { openReplicaFile } from './replica-file.ts'
import { openDatabase } from './open-database.ts'
import { openReplica } from './open-replica.ts'
import { startClock } from './station-clock.ts'
import { beginReplacing, replaceDamaged } from './replace-damaged.ts'
import { makeKey, publicPart } from './station-key.ts'
import { openMeta } from './station-meta.ts'
import {
  CLINIC,
  DESK,
  draftCheckIn,
  ENTITLEMENT,
  FILE_KEY,
  fillClinic,
  openTestReplica,
  OTHER_STATION,
  page,
  STATION,
  temporaryFolder,
  TEST_KEY,
  testClock,
} from './test-replica.ts'

const PAGE = 4096
const SAMPLES = 12
const IDENTITY = {
  serverUrl: 'http://127.0.0.1:1',
  clinicId: CLINIC,
  stationId: STATION,
  stationName: 'الاستقبال',
  letter: 'A',
  key: TEST_KEY,
  entitlementKeys: [],
}

interface Made {
  folder: string
  path: string
  visits: VisitId[]
  patients: PatientId[]
}

/** A station's file after a morning of check-ins that no server has heard of; closed. */
async function makeFile(checkIns = 30): Promise<Made> {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const { replica, core, close } = await openTestReplica({ folder, identity: IDENTITY })
  core.file.store.transaction(() => {
    core.file.meta.set('identity', IDENTITY)
    core.file.meta.set('refreshToken', 'refresh')
  })
  fillClinic(core)
  const made = Array.from({ length: checkIns }, (_, n) =>
    replica.commit(DESK, (tx) => draftCheckIn(tx, `مريض ${n}`)),
  )
  await close()
  return {
    folder,
    path: join(folder, 'clinic.db'),
    visits: made.map(({ visitId }) => visitId),
    patients: made.map(({ patientId }) => patientId),
  }
}

/** Opens the file as a station does and works on it. */
async function reopen(folder: string) {
  const log: string[] = []
  const clinicFile = {
    folder,
    key: FILE_KEY,
    patienceMs: 0,
    now: () => Date.parse('2026-11-23T08:00:00Z'),
    log: ({ event }: { event: string }) => void log.push(event),
  }
  const store = await openClinicFile(clinicFile, (opened) => Promise.resolve(opened))
  const database = await openDatabase(store)
  onTestFinished(async () => {
    await database.close()
    await store.close()
  })
  const file = openReplicaFile(store, openMeta(store.db))
  const identity = file.meta.get('identity')
  const opened = { file, log, store, database }
  if (identity === null) return { ...opened, replica: null, core: null }
  const { replica, core } = openReplica({
    file,
    database,
    identity,
    clock: startClock(testClock()),
    entitlement: ENTITLEMENT,
  })
  return { ...opened, replica, core }
}

function mustBe<T>(value: T | null): T {
  return value ?? expect.fail('nothing could be read')
}

test('a whole file is left alone', async () => {
  const { folder, visits } = await makeFile(3)
  const { replica, log } = await reopen(folder)
  expect(mustBe(replica).outbox()).toHaveLength(visits.length)
  expect(log).toEqual([])
})

function breakPage(path: string, page: number): Buffer {
  const bytes = readFileSync(path)
  const at = page * PAGE + 500
  bytes[at] = (bytes[at] ?? 0) ^ 4
  writeFileSync(path, bytes)
  return bytes
}

test('whatever page is broken, next to nothing is lost, and nothing unsaid', async () => {
  const { path, visits } = await makeFile()
  const intact = readFileSync(path)
  const lost: number[] = []
  // The schema's own page is another test's. All of them would take minutes; which, is chance.
  const pages = intact.length / PAGE
  const step = Math.ceil(pages / SAMPLES)
  for (let page = 1 + Math.floor(Math.random() * step); page < pages; page += step) {
    const { folder, remove } = temporaryFolder()
    onTestFinished(remove)
    const copy = join(folder, 'clinic.db')
    writeFileSync(copy, intact)
    const broken = breakPage(copy, page)
    beginReplacing(folder, Date.parse('2026-11-23T08:00:00Z'))
    await replaceDamaged({ folder, key: FILE_KEY, now: 0, log: () => undefined })
    expect(readFileSync(join(folder, 'set-aside-2026-11-23T08-00-00.000Z', 'clinic.db'))).toEqual(
      broken,
    )
    const store = openStore({ path: copy, key: FILE_KEY })
    const outbox = Number(store.db.prepare('SELECT count(*) FROM outbox').pluck().get())
    expect(store.db.pragma('integrity_check', { simple: true })).toBe('ok')
    const meta = openMeta(store.db)
    const isWhole = outbox === visits.length
    if (!isWhole) {
      expect(meta.get('damage')).toMatchObject({ whole: false, kept: outbox })
      // Whoever no longer knows their clinic gets a letter by enrolling.
      expect(meta.get('needsLetter')).toBe(meta.get('identity') === null ? null : true)
    }
    expect(meta.get('identity') ?? IDENTITY).toEqual(IDENTITY)
    await store.close()
    lost.push(visits.length - outbox)
  }
  // A leaf of the outbox holds a command or two. Without its root, the station's own key or a page of the
  // schema, none goes on: six pages of about 140, of which chance rarely picks as many as these.
  expect(lost.filter((count) => count > 3).length).toBeLessThanOrEqual(4)
})

test('the station goes on with its work, its numbers and its people', async () => {
  const { folder, path, visits, patients } = await makeFile()
  const pages = readFileSync(path).length / PAGE
  // Of the documents and indexes that were written last.
  breakPage(path, pages - 2)
  beginReplacing(folder, 0)
  const { replica, file, log } = await reopen(folder)
  const station = mustBe(replica)
  expect(log).toEqual(['replaced'])
  const outbox = station.outbox()
  expect(outbox.length).toBeGreaterThan(visits.length - 3)
  for (const { command } of outbox) {
    for (const { collection, id } of command.writes) {
      expect(file.rows.byId(collection, id)).not.toBeNull()
    }
  }
  expect(station.countPatients()).toBeGreaterThan(patients.length - 3)
  expect(file.meta.get('reseeding')).toBe(true)
  expect(file.meta.get('checkpoint')).toBeNull()
  file.store.transaction(() => file.meta.remove('needsLetter'))
  const { number } = station.commit(DESK, (tx) => draftCheckIn(tx, 'بعد التلف'))
  expect(number).toBe(visits.length + 1)
  expect(station.outbox().at(-1)?.command.seq).toBe(visits.length + 1)
})

test('a file of a version before, in which nothing is unreadable, is whole', async () => {
  const { folder, path, visits } = await makeFile(3)
  const store = openStore({ path, key: FILE_KEY })
  store.db.exec('DROP TABLE given_anew; PRAGMA user_version = 5')
  await store.close()
  beginReplacing(folder, 0)
  const { file } = await reopen(folder)
  expect(file.meta.get('damage')).toMatchObject({ kept: visits.length, whole: true })
})

test('a file whose first page is gone is kept, and the station begins anew', async () => {
  const { folder, path } = await makeFile(3)
  const broken = breakPage(path, 0)
  const { replica, file, log } = await reopen(folder)
  expect(replica).toBeNull()
  expect(log).toEqual(['damaged', 'replaced'])
  expect(file.meta.get('damage')).toMatchObject({ kind: 'REPLACED', kept: 0, whole: false })
  const kept = readdirSync(folder).find((name) => name.startsWith('set-aside')) ?? ''
  expect(readFileSync(join(folder, kept, 'clinic.db'))).toEqual(broken)
})

test('what it made while it was another station goes on too, and is listed when its command is lost', async () => {
  const { folder, path, visits } = await makeFile(3)
  const before = openStore({ path, key: FILE_KEY })
  const meta = openMeta(before.db)
  meta.set('identity', { ...IDENTITY, stationId: OTHER_STATION, key: makeKey() })
  meta.set('formerly', [{ stationId: STATION, publicKey: publicPart(TEST_KEY) }])
  before.db.exec("UPDATE outbox SET payload = json_remove(payload, '$.name') WHERE seq = 3")
  await before.close()
  beginReplacing(folder, 0)
  const { file, core, replica } = await reopen(folder)
  expect(file.meta.get('damage')).toMatchObject({ kept: 2, listed: 0, whole: false })
  applyPage(mustBe(core), page([]))
  expect(mustBe(replica).outbox()).toHaveLength(2)
  const listed = mustBe(replica)
    .rejected()
    .flatMap(({ command }) => command.writes.map(({ id }) => id))
  expect(listed).toContain(visits[2])
})

test('a file that does not say whose it was gives nothing of it to whoever is enrolled next', async () => {
  const { folder, path, visits } = await makeFile(3)
  const before = openStore({ path, key: FILE_KEY })
  openPeople(before.db).know({
    userId: DESK,
    email: 'mona@nour.example',
    name: 'منى',
    roles: ['RECEPTION'],
    password: 'x',
  })
  before.db.exec("DELETE FROM station_meta WHERE key = 'identity'")
  await before.close()
  beginReplacing(folder, 0)
  const { file, store, database } = await reopen(folder)
  expect(CollectionName.options.flatMap((name) => file.rows.ids(name))).toEqual([])
  expect(openPeople(store.db).all()).toEqual([])
  expect(file.meta.get('refreshToken')).toBeNull()
  expect(file.meta.get('reseeding')).toBe(true)
  expect(file.meta.get('damage')).toMatchObject({ kept: 0, listed: visits.length })
  const listedFor = (clinicId: ClinicId): number =>
    openReplica({
      file,
      database,
      identity: { ...IDENTITY, clinicId },
      clock: startClock(testClock()),
      entitlement: null,
    }).replica.rejected().length
  expect([listedFor(CLINIC), listedFor(idOf(2))]).toEqual([visits.length, 0])
})

test('a file whose first page is gone goes on from its last copy, under another letter', async () => {
  const { folder, path, visits } = await makeFile(3)
  const store = openStore({ path, key: FILE_KEY })
  await store.backup(join(folder, 'clinic.backup.db'))
  await store.close()
  breakPage(path, 0)
  const { replica, file } = await reopen(folder)
  expect(mustBe(replica).outbox()).toHaveLength(visits.length)
  expect(file.meta.get('damage')).toMatchObject({ kept: visits.length, whole: false })
  expect(() => mustBe(replica).commit(DESK, (tx) => draftCheckIn(tx, 'بلا حرف'))).toThrow('OFFLINE')
})

test('what could not be read is listed, also if somebody has read of the damage meanwhile', async () => {
  const { folder, path, visits, patients } = await makeFile(3)
  const store = openStore({ path, key: FILE_KEY })
  store.db.exec("UPDATE outbox SET payload = json_remove(payload, '$.name') WHERE seq < 3")
  await store.close()
  beginReplacing(folder, 0)
  const { replica, core, file } = await reopen(folder)
  expect(file.meta.get('damage')).toMatchObject({ kept: 1, listed: 0, whole: false })
  file.store.transaction(() => file.meta.remove('damage'))
  // The server has heard of nothing that was made here.
  applyPage(mustBe(core), page([]))
  const listed = mustBe(replica)
    .rejected()
    .flatMap(({ command }) => command.writes.map(({ id }) => id))
  expect(listed).toEqual(expect.arrayContaining([...visits.slice(0, 2), ...patients.slice(0, 2)]))
  expect(listed).toHaveLength(6)
  expect(file.rows.byId('visits', visits[2] ?? '')).not.toBeNull()
  expect(file.meta.get('damage')).toMatchObject({ listed: 6, whole: false })
})

test('killed at any step, the replacement goes on at the next start', async () => {
  const { folder, path, visits } = await makeFile(3)
  breakPage(path, 0)
  const other = await makeFile(3)
  // As if killed when the files had been moved and the new one was half made.
  beginReplacing(other.folder, 0)
  const kept = join(other.folder, 'set-aside-1970-01-01T00-00-00.000Z')
  mkdirSync(kept)
  renameSync(other.path, join(kept, 'clinic.db'))
  writeFileSync(join(other.folder, 'clinic.db.new'), 'half')
  const { replica } = await reopen(other.folder)
  expect(mustBe(replica).outbox()).toHaveLength(visits.length)
  expect(existsSync(join(other.folder, 'clinic.db.new'))).toBe(false)
  // And as if killed before anything was moved.
  beginReplacing(folder, 1)
  await reopen(folder)
  expect(existsSync(join(folder, 'replacing.json'))).toBe(false)
})

/** Replaces the file in a process of its own, which is killed when all is done but saying so. */
function replaceAndDie(folder: string): void {
  const killed = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import fs from 'node:fs'
       import { syncBuiltinESMExports } from 'node:module'
       const { rmSync } = fs
       fs.rmSync = (path, options) =>
         path.endsWith('replacing.json') ? process.kill(process.pid, 'SIGKILL') : rmSync(path, options)
       syncBuiltinESMExports()
       const { replaceDamaged } = await import(process.argv[1])
       const key = new Uint8Array(Buffer.from(process.argv[3], 'hex'))
       await replaceDamaged({ folder: process.argv[2], key, now: 0, log: () => undefined })`,
      join(import.meta.dirname, 'replace-damaged.ts'),
      folder,
      Buffer.from(FILE_KEY).toString('hex'),
    ],
    { encoding: 'utf8' },
  )
  if (killed.signal !== 'SIGKILL') expect.fail(killed.stderr)
}

test('killed when the new file has its name, the next start does not take it for the damaged one', async () => {
  const { folder, path, visits } = await makeFile(3)
  const broken = breakPage(path, readFileSync(path).length / PAGE - 2)
  beginReplacing(folder, 0)
  replaceAndDie(folder)
  expect(existsSync(join(folder, 'replacing.json'))).toBe(true)
  const { replica, log } = await reopen(folder)
  expect(log).toEqual([])
  expect(mustBe(replica).outbox().length).toBeGreaterThan(visits.length - 2)
  const kept = join(folder, 'set-aside-1970-01-01T00-00-00.000Z', 'clinic.db')
  expect(readFileSync(kept)).toEqual(broken)
})

test('a log that lost commits costs numbers, never a number twice', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const opened = await openTestReplica({ folder, identity: IDENTITY })
  opened.core.file.store.transaction(() => opened.core.file.meta.set('identity', IDENTITY))
  fillClinic(opened.core)
  const numbers = Array.from(
    { length: 6 },
    (_, n) => opened.replica.commit(DESK, (tx) => draftCheckIn(tx, `مريض ${n}`)).number,
  )
  const copy = temporaryFolder()
  onTestFinished(copy.remove)
  for (const suffix of ['', '-wal', '-key']) {
    const name = `clinic.db${suffix}`
    writeFileSync(join(copy.folder, name), readFileSync(join(folder, name)))
  }
  await opened.close()
  const log = join(copy.folder, 'clinic.db-wal')
  const bytes = readFileSync(log)
  const at = bytes.length - 20 * (PAGE + 24) + 300
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(log, bytes)
  const { replica, file } = await reopen(copy.folder)
  const station = mustBe(replica)
  expect(file.meta.get('damage')).toMatchObject({ kind: 'LOG_CUT' })
  expect(station.outbox().length).toBeLessThan(6)
  const { number } = station.commit(DESK, (tx) => draftCheckIn(tx, 'بعد الانقطاع'))
  expect(number).toBeGreaterThan(Math.max(...numbers))
})

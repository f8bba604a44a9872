import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Command } from '#shared/commands.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../database/embedded.ts'
import { prepareDatabase } from '../database/prepare-database.ts'
import { createPool } from '../database/pool.ts'
import { findPostgresUser } from '../database/postgres-binaries.ts'
import { beginEpochs } from '../sync/begin-epoch.ts'
import { createTestClinic, type Desk, type TestClinic } from '../sync/test-clinic.ts'
import { checkIn, register } from '../sync/test-commands.ts'
import type { TestDatabase } from './test-database.ts'

// The drill of docs/operations.md, "Back up and restore", step by step on real PostgreSQL.

const RESTORE_POINT = 'before the mishap'

let root: string
let archive: string
const opened: (() => Promise<void>)[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dawr-restore-'))
  // PostgreSQL runs as another user than root, and must pass through.
  await chmod(root, 0o711)
  archive = join(root, 'archive')
  await mkdir(archive)
  const user = await findPostgresUser()
  if (user !== null) await chown(archive, user.uid, user.gid)
})
afterAll(async () => {
  for (const close of opened.toReversed()) await close()
  await rm(root, { recursive: true, force: true })
})

interface Machine {
  postgres: EmbeddedPostgres
  database: TestDatabase
  superuser: pg.Client
  stop: () => Promise<void>
}

/** PostgreSQL that archives its log, and pools on it. */
async function startMachine(folder: string): Promise<Machine> {
  const postgres = await startEmbeddedPostgres(folder, [
    '-c archive_mode=on',
    `-c "archive_command=test ! -f ${archive}/%f && cp %p ${archive}/%f"`,
    '-c fsync=off',
  ])
  const superuser = new pg.Client({ connectionString: databaseUrl(postgres.superuserUrl) })
  await superuser.connect()
  const pool = createPool(postgres.appUrl, () => undefined)
  const ownerPool = createPool(postgres.ownerUrl, () => undefined)
  let stopped: Promise<void> | undefined
  const stop = () =>
    (stopped ??= (async () => {
      await Promise.all([pool.end(), ownerPool.end(), superuser.end()])
      await postgres.stop()
    })())
  opened.push(stop)
  const { ownerUrl, appUrl, superuserUrl } = postgres
  return {
    postgres,
    superuser,
    database: { ownerUrl, appUrl, superuserUrl, pool, ownerPool, drop: stop },
    stop,
  }
}

function databaseUrl(superuserUrl: string): string {
  const url = new URL(superuserUrl)
  url.pathname = '/dawr'
  return url.href
}

/** A base backup: the files as they are, between two marks in the log. */
async function backUp({ superuser }: Machine, from: string, to: string): Promise<void> {
  await superuser.query(`SELECT pg_backup_start('drill', true)`)
  const skipped = ['postmaster.pid', 'postmaster.opts', 'pg_wal', 'pg_replslot', 'server.log']
  await cp(from, to, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !skipped.includes(basename(source)),
  })
  const { rows } = await superuser.query<{ label: string }>(
    'SELECT labelfile AS label FROM pg_backup_stop(true)',
  )
  await writeFile(join(to, 'backup_label'), rows[0]?.label ?? expect.fail('no label'))
  for (const empty of ['pg_wal', 'pg_replslot']) await mkdir(join(to, empty))
}

/** The log up to now is in the archive. */
async function archiveLog({ superuser }: Machine): Promise<void> {
  const { rows } = await superuser.query<{ name: string }>(
    'SELECT pg_walfile_name(pg_switch_wal()) AS name',
  )
  const name = rows[0]?.name ?? ''
  while (!(await readdir(archive)).includes(name)) await pause(50)
}

async function giveToPostgres(folder: string): Promise<void> {
  const user = await findPostgresUser()
  if (user === null) return
  await chown(folder, user.uid, user.gid)
  for (const name of await readdir(folder, { recursive: true })) {
    await chown(join(folder, name), user.uid, user.gid)
  }
}

/** Recovers a backup up to the restore point, as a machine of its own. */
async function restore(backup: string, to: string, passwords: string): Promise<Machine> {
  const folder = join(to, 'postgres')
  await mkdir(to, { recursive: true })
  await cp(backup, folder, { recursive: true })
  await cp(passwords, join(to, basename(passwords)))
  await writeFile(join(folder, 'recovery.signal'), '')
  await writeFile(
    join(folder, 'postgresql.auto.conf'),
    `restore_command = 'cp ${archive}/%f %p'
recovery_target_name = '${RESTORE_POINT}'
recovery_target_action = 'promote'
`,
  )
  await giveToPostgres(folder)
  const machine = await startMachine(to)
  for (;;) {
    const { rows } = await machine.superuser.query<{ recovering: boolean }>(
      'SELECT pg_is_in_recovery() AS recovering',
    )
    if (rows[0]?.recovering === false) return machine
    await pause(50)
  }
}

/** What a station keeps of what was accepted, to send it again. */
interface Worker {
  desk: Desk
  sent: Command[]
}

async function work({ desk, sent }: Worker, count: number): Promise<void> {
  const commands = Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? register(desk, 'reception')
      : checkIn(desk, 'reception', { number: sent.length + index }),
  )
  const results = await desk.push(...commands)
  expect(results.filter(({ verdict }) => verdict !== 'ACCEPTED')).toEqual([])
  sent.push(...commands)
}

async function storedCommands(clinic: TestClinic): Promise<Set<string>> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ id: string }>('SELECT command_id AS id FROM commands WHERE clinic_id = $1', [
      clinic.clinicId,
    ]),
  )
  return new Set(rows.map(({ id }) => id))
}

test('restored to a moment, begun anew and sent what was lost, nothing is lost and nothing is twice', async () => {
  const machine = await startMachine(join(root, 'first'))
  await prepareDatabase(machine.postgres.ownerUrl)
  const clinic = await createTestClinic(machine.database)
  const workers: Worker[] = []
  for (let index = 0; index < 2; index += 1) {
    workers.push({ desk: await clinic.openDesk('reception'), sent: [] })
  }
  const all = async (count: number) => {
    for (const worker of workers) await work(worker, count)
  }

  await all(10)
  // People go on working while the backup is made.
  const backup = join(root, 'backup')
  await Promise.all([backUp(machine, join(root, 'first/postgres'), backup), all(30)])
  await all(10)
  await machine.superuser.query('SELECT pg_create_restore_point($1)', [RESTORE_POINT])
  const kept = new Set(workers.flatMap(({ sent }) => sent.map(({ commandId }) => commandId)))
  await all(15)
  for (const { desk } of workers) await desk.pull()
  await archiveLog(machine)
  const before = new Map(workers[0]?.desk.documents)
  await machine.stop()

  const second = await restore(
    backup,
    join(root, 'second'),
    join(root, 'first/postgres-passwords.json'),
  )
  // The same clinic and the same desks, on the other machine.
  clinic.database = second.database
  expect(await storedCommands(clinic)).toEqual(kept)
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })

  expect(await beginEpochs(second.database.ownerPool)).toBe(1)
  for (const { desk, sent } of workers) {
    // What a station has of the time that is gone does not pass for what the server has.
    await expect(desk.pull()).rejects.toMatchObject({ code: 'RESEED' })
    // Nor is anything judged that may stand on what was lost.
    await expect(desk.push(...sent.slice(-1))).rejects.toMatchObject({ code: 'RESEED' })
    desk.checkpoint = null
    for (let at = 0; at < sent.length; at += 50) {
      const results = await desk.push(...sent.slice(at, at + 50))
      expect(results.filter(({ verdict }) => verdict !== 'ACCEPTED')).toEqual([])
    }
  }
  for (const { desk } of workers) {
    desk.documents.clear()
    await desk.pull()
    expect(desk.documents).toEqual(before)
  }
  const everything = workers.flatMap(({ sent }) => sent.map(({ commandId }) => commandId))
  expect(await storedCommands(clinic)).toEqual(new Set(everything))
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
}, 120_000)

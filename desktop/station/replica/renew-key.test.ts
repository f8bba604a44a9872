import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { formatRecoveryCode, makeRecoverySeed } from '../recovery/recovery-code.ts'
import { keepRecovery, recoverKey, renewKey } from '../recovery/recovery-file.ts'
import { openStore } from '../storage/store.ts'
import { openClinicFile } from './open-file.ts'
import {
  DESK,
  draftCheckIn,
  FILE_KEY,
  fillClinic,
  openTestReplica,
  temporaryFolder,
} from './test-replica.ts'

const NO_KEY = new Uint8Array(32).fill(1)
const CHECK_INS = 5
const keepKey = (): Promise<void> => Promise.resolve()
const newCode = (): string => formatRecoveryCode(makeRecoverySeed())

function newFolder(): string {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  return folder
}

/** A copy of all that is in the profile's folder now: what a kill at this moment leaves. */
function leave(folder: string): string {
  const left = newFolder()
  cpSync(folder, left, { recursive: true })
  return left
}

/** A desk's file with unsynced work, its daily copy, and the owner's code. */
async function makeDesk(code: string): Promise<string> {
  const folder = newFolder()
  const { replica, core, close } = await openTestReplica({ folder })
  core.file.store.transaction(() => core.file.meta.set('identity', core.identity))
  fillClinic(core)
  for (let n = 0; n < CHECK_INS; n += 1) replica.commit(DESK, (tx) => draftCheckIn(tx, `مريض ${n}`))
  await core.file.store.backup(join(folder, 'clinic.backup.db'))
  await close()
  keepRecovery(folder, FILE_KEY, code)
  return folder
}

/** Opens as a station does. @returns what was logged, and the unsynced commands */
async function open(folder: string, key: Uint8Array | null) {
  const log: string[] = []
  const file = {
    folder,
    key: key ?? NO_KEY,
    patienceMs: 0,
    now: () => Date.parse('2026-11-23T08:00:00Z'),
    log: ({ event }: { event: string }) => void log.push(event),
  }
  const unsynced = await openClinicFile(file, async (store) => {
    const count = store.db.prepare('SELECT count(*) FROM outbox').pluck().get()
    await store.close()
    return count
  })
  return { log, unsynced }
}

async function opensPlainly(path: string, key: Uint8Array): Promise<boolean> {
  try {
    await openStore({ path, key }).close()
    return true
  } catch {
    return false
  }
}

interface Moment {
  readonly is: string
  readonly folder: string
  /** What the computer's keystore has, and what the owner has on paper. */
  readonly computer: Uint8Array
  readonly paper: string
}

/** A desk that is given another key, as it is found after a kill between any two of the steps. */
async function momentsOfRenewal(): Promise<Moment[]> {
  const [old, next] = [newCode(), newCode()]
  const folder = await makeDesk(old)
  const before = leave(folder)
  let amid = ''
  const key = await renewKey(folder, {
    key: FILE_KEY,
    code: next,
    keepKey: (kept) => {
      // The file cannot be reached by this key yet, but for what was written before.
      expect(kept).not.toEqual(FILE_KEY)
      amid = leave(folder)
      return Promise.resolve()
    },
  })
  // Half a step before that: the key that leads back is there, the owner's copy not yet.
  const sealed = leave(amid)
  cpSync(join(before, 'recovery.json'), join(sealed, 'recovery.json'))
  const kept = leave(folder)
  await open(folder, key)
  return [
    { is: 'before', folder: before, computer: FILE_KEY, paper: old },
    { is: 'the former key is sealed', folder: sealed, computer: FILE_KEY, paper: old },
    { is: 'the owner has the next', folder: amid, computer: FILE_KEY, paper: next },
    { is: 'the computer has it too', folder: kept, computer: key, paper: next },
    { is: 'the file has it', folder, computer: key, paper: next },
  ]
}

test('killed between any two steps of renewing its key, a file is opened by its computer, and by its owner', async () => {
  const outcomes: unknown[] = []
  for (const { is, folder, computer, paper } of await momentsOfRenewal()) {
    const byPaper = leave(folder)
    const opened = await open(folder, computer)
    const recovered = recoverKey(byPaper, paper)
    const found = await open(byPaper, recovered)
    outcomes.push([is, opened, found])
    // Whoever has opened it has the file's own key by then: nothing leads there that may yet be lost.
    expect(await opensPlainly(join(folder, 'clinic.db'), computer)).toBe(true)
    expect(await opensPlainly(join(byPaper, 'clinic.db'), recovered ?? NO_KEY)).toBe(true)
    // And again, as at the next start.
    expect((await open(folder, computer)).log).toEqual([])
  }
  const whole = { log: [], unsynced: CHECK_INS }
  const rekeyed = { log: ['rekeyed'], unsynced: CHECK_INS }
  expect(outcomes).toEqual([
    ['before', whole, whole],
    ['the former key is sealed', whole, whole],
    ['the owner has the next', whole, rekeyed],
    ['the computer has it too', rekeyed, rekeyed],
    ['the file has it', whole, whole],
  ])
})

test('what the former code and key opened, they open no more', async () => {
  const [old, next] = [newCode(), newCode()]
  const folder = await makeDesk(old)
  // Of whoever has copied the folder, and has seen the paper.
  const stolen = recoverKey(folder, old)
  const key = await renewKey(folder, { key: FILE_KEY, code: next, keepKey })
  await open(folder, key)
  expect(recoverKey(folder, old)).toBeNull()
  await expect(open(folder, stolen)).rejects.toMatchObject({ code: 'WRONG_KEY' })
  expect(readFileSync(join(folder, 'former-keys.json'), 'utf8')).not.toContain(
    Buffer.from(FILE_KEY).toString('base64'),
  )
  // The daily copy is made anew as soon as may be.
  const store = openStore({ path: join(folder, 'clinic.db'), key })
  onTestFinished(() => store.close())
  const checked = store.db.prepare("SELECT 1 FROM station_meta WHERE key = 'lastChecked'").get()
  expect(checked).toBeUndefined()
})

test('renewed twice before it was opened again, the last key still leads to the file', async () => {
  const folder = await makeDesk(newCode())
  const second = await renewKey(folder, { key: FILE_KEY, code: newCode(), keepKey })
  // One that this computer could not keep leads nowhere, and is in nobody's way.
  const refuses = () => Promise.reject(new Error('no keystore'))
  await expect(
    renewKey(folder, { key: second, code: newCode(), keepKey: refuses }),
  ).rejects.toThrow('no keystore')
  const third = await renewKey(folder, { key: second, code: newCode(), keepKey })
  expect(await open(folder, third)).toEqual({ log: ['rekeyed'], unsynced: CHECK_INS })
  await expect(open(folder, second)).rejects.toMatchObject({ code: 'WRONG_KEY' })
})

test('a file that cannot be encrypted anew for now is worked with, and is at the next opening', async () => {
  const folder = await makeDesk(newCode())
  const key = await renewKey(folder, {
    key: FILE_KEY,
    code: newCode(),
    keepKey,
  })
  // Something that is no file stands where the check of the key is.
  const check = join(folder, 'clinic.db-key')
  rmSync(check)
  mkdirSync(check)
  expect(await open(folder, key)).toEqual({ log: ['not-rekeyed'], unsynced: CHECK_INS })
  rmSync(check, { recursive: true })
  expect(await open(folder, key)).toEqual({ log: ['rekeyed'], unsynced: CHECK_INS })
})

test('damaged before it came to its next key, a file is made anew under that one', async () => {
  const pages = [
    // Nothing of the file can be read: the copy is taken, also under the former key.
    { page: 0, unsynced: CHECK_INS },
    { page: 2, unsynced: expect.any(Number) as number },
  ]
  for (const { page, unsynced } of pages) {
    const folder = await makeDesk(newCode())
    const key = await renewKey(folder, {
      key: FILE_KEY,
      code: newCode(),
      keepKey,
    })
    const path = join(folder, 'clinic.db')
    const bytes = readFileSync(path)
    bytes[page * 4096 + 700] = (bytes[page * 4096 + 700] ?? 0) ^ 1
    writeFileSync(path, bytes)
    const opened = await open(folder, key)
    expect(opened).toEqual({ log: ['damaged', 'replaced'], unsynced })
    expect(await opensPlainly(path, key)).toBe(true)
  }
})

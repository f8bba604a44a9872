import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommandResult } from '#shared/protocol.ts'
import { formatStamp, MAX_AHEAD_MS, stampTime } from '#shared/stamp.ts'
import { START } from '#shared/test-values.ts'
import type { PatientId } from '#shared/ids.ts'
import { takePayment } from '../commands/money.ts'
import { countDrawer } from '../commands/office.ts'
import { applyPage } from './pulled-pages.ts'
import { applyResults } from './push-answers.ts'
import {
  DESK,
  draftCheckIn,
  draftName,
  draftPatient,
  feed,
  fillClinic,
  openTestReplica,
  page,
  temporaryFolder,
  type TestReplica,
} from './test-replica.ts'

const NO_STAMP = formatStamp(0, 0, '00000000')

let opened: TestReplica
let place: { folder: string; remove: () => void }
let id: PatientId

beforeEach(async () => {
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder })
  fillClinic(opened.core)
  id = opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
  applyResults(opened.core, [
    { ...answer(0), documents: [feed('patients', standing() as never, 2)] },
  ])
})
afterEach(async () => {
  await opened.close()
  place.remove()
})

const standing = () => opened.replica.read.patient(id)

function rename(name: string): void {
  opened.replica.commit(DESK, (tx) => draftName(tx, id, name))
}

/** The answer to one of the commands in the outbox; a refusal looks at no document. */
function answer(index: number, verdict: CommandResult['verdict'] = 'ACCEPTED'): CommandResult {
  const row = opened.replica.outbox()[index]
  if (row === undefined) throw new Error('no such command')
  const code = verdict === 'ACCEPTED' ? null : 'INVALID'
  return { commandId: row.command.commandId, verdict, code, details: {}, documents: [] }
}

test('a refused change is taken back although the answer names no document', () => {
  rename('اسم آخر')
  applyResults(opened.core, [answer(0, 'REJECTED')])
  expect(standing()?.name).toBe('أحمد علي')
  expect(opened.replica.rejected()).toMatchObject([{ code: 'INVALID' }])
})

test('two refused changes are both taken back, in one answer or in two', () => {
  rename('الثاني')
  rename('الثالث')
  applyResults(opened.core, [answer(0, 'REJECTED'), answer(1, 'REJECTED')])
  expect(standing()?.name).toBe('أحمد علي')
  rename('الثاني')
  rename('الثالث')
  applyResults(opened.core, [answer(0, 'REJECTED')])
  expect(standing()?.name).toBe('الثالث')
  applyResults(opened.core, [answer(0, 'REJECTED')])
  expect(standing()?.name).toBe('أحمد علي')
})

test('what another station wrote meanwhile stands when ours is refused', () => {
  const before = standing()
  rename('اسم آخر')
  applyPage(opened.core, page([feed('patients', { ...before, note: 'منهم' } as never, 3)]))
  expect(standing()).toMatchObject({ name: 'اسم آخر', note: 'منهم' })
  applyResults(opened.core, [answer(0, 'REJECTED')])
  expect(standing()).toEqual({ ...before, note: 'منهم' })
  const kept = opened.core.file.db.prepare('SELECT count(*) FROM masters').pluck().get()
  expect(kept).toBe(0)
})

test.each([
  ['NUL', 'أحمد\0'],
  ['half a character', 'أحمد \ud83d'],
])('text that no server could keep is never confirmed: %s', (_what, name) => {
  expect(() => rename(name)).toThrow(expect.objectContaining({ code: 'INVALID' }))
  expect(standing()?.name).toBe('أحمد علي')
  expect(opened.replica.outbox()).toEqual([])
})

test('a backslash, an emoji and what only looks like an escape are text', () => {
  for (const name of ['\\u0000', '\\\\ud83d', 'أحمد 😀', 'أ\\']) {
    rename(name)
    expect(standing()?.name).toBe(name)
  }
})

test('what the server holds does not keep a wrong clock’s stamps going; what it has not seen does', () => {
  const { replica, core, clock } = opened
  const tomorrow = START + 86_400_000
  clock.set(tomorrow)
  rename('غدا')
  rename('غدا أيضا')
  clock.set(START)
  const held: Partial<CommandResult> = { verdict: 'HELD', code: 'SUBSCRIPTION' }
  applyResults(core, [{ ...answer(0), ...held }])
  expect(stampTime(core.lastStamp ?? NO_STAMP)).toBe(tomorrow)
  applyResults(core, [{ ...answer(1), ...held }])
  expect(replica.countOutbox()).toMatchObject({ queued: 0, held: 2 })
  replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
  const at = replica.outbox().at(-1)?.command.at
  expect(stampTime(at ?? NO_STAMP)).toBeLessThanOrEqual(START + MAX_AHEAD_MS + 1)
})

test('accepted commands are kept for a restored server no longer than asked for', () => {
  const { replica, core } = opened
  rename('اسم آخر')
  applyResults(core, [answer(0)])
  const { outbox } = core.file
  outbox.pruneAccepted(START)
  outbox.requeueAccepted()
  expect(replica.outbox().map(({ command }) => command.name)).toEqual([
    'registerPatient',
    'editPatient',
  ])
  expect(replica.pending('patients', id)).toBe('QUEUED')
  applyResults(core, [answer(0), answer(1)])
  outbox.pruneAccepted(START + 1)
  outbox.requeueAccepted()
  expect(replica.outbox()).toEqual([])
})

test('what is only known by its document is listed under the act that makes such a one', () => {
  const { core, replica } = opened
  const amount = { minor: 5_000, currency: 'EGP' as const }
  const { visitId } = replica.commit(DESK, (tx) => draftCheckIn(tx, 'مريم'))
  applyResults(core, [answer(0)])
  replica.commit(DESK, (tx) => countDrawer(tx, { closes: null, counted: amount, note: null }))
  replica.commit(DESK, (tx) => takePayment(tx, { visitId, amount, method: 'CASH' }))
  const made = replica.outbox().flatMap(({ command }) => command.writes)
  // Their page is gone, and the server has heard of neither.
  core.file.store.transaction(() => {
    core.file.db.exec('DELETE FROM outbox_writes; DELETE FROM outbox')
    core.file.meta.set('isPartial', true)
    core.file.meta.set('reseeding', true)
  })
  applyPage(core, page([]))
  const listed = replica.rejected().map(({ command: { name, writes } }) => [writes[0]?.id, name])
  expect(listed).toEqual(
    expect.arrayContaining([
      [made[0]?.id, 'countDrawer'],
      [made[1]?.id, 'takePayment'],
    ]),
  )
})

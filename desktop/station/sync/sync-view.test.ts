import { afterEach, beforeEach, expect, test } from 'vitest'
import { stampTime } from '#shared/stamp.ts'
import {
  ADMIN,
  DESK,
  draftCheckIn,
  draftPatient,
  fillClinic,
  openTestReplica,
  temporaryFolder,
  type TestReplica,
} from '../replica/test-replica.ts'
import { startSyncState } from './sync-state.ts'
import { viewSync } from './sync-view.ts'

let opened: TestReplica
let place: { folder: string; remove: () => void }

beforeEach(async () => {
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder })
  fillClinic(opened.core)
})
afterEach(async () => {
  await opened.close()
  place.remove()
})

test('lists what waits without reading what was entered', () => {
  const { replica, core } = opened
  replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  replica.commit(ADMIN, (tx) => {
    const [first, second] = [draftPatient(tx, 'منى حسن'), draftPatient(tx, 'سعاد محمود')]
    return {
      name: 'importPatients',
      writes: [...first.writes, ...second.writes],
      output: null,
    }
  })
  const at = replica.outbox().map(({ command }) => new Date(stampTime(command.at)).toISOString())
  core.file.db.prepare("UPDATE outbox SET payload = 'not read'").run()
  const view = viewSync({
    replica,
    session: {
      person: () => ({ userId: DESK, name: 'منى', roles: ['ADMIN'] }),
      require: () => ({ userId: DESK, name: 'منى', roles: ['ADMIN'] }),
    },
    damage: () => null,
    sync: { state: () => startSyncState(0), contacts: () => [], history: () => null },
    clock: core.clock,
    lastContact: () => null,
  })
  expect(view.waiting).toMatchObject([
    { command: 'importPatients', at: at[1], byName: 'منى', patientName: null, held: false },
    { command: 'checkIn', at: at[0], byName: 'منى', patientName: 'أحمد علي', held: false },
  ])
})

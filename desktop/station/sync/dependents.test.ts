import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  DESK,
  draftCall,
  draftCheckIn,
  draftPatient,
  fillClinic,
  openTestReplica,
  temporaryFolder,
  type TestReplica,
} from '../replica/test-replica.ts'
import { dependentsOf } from './dependents.ts'

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

test('a held check-in keeps back what stands on its visit, and nothing else', () => {
  const { replica } = opened
  const first = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
  const other = replica.commit(DESK, (tx) => draftCheckIn(tx, 'منى حسن'))
  replica.commit(DESK, (tx) => draftCall(tx, other.visitId))
  replica.commit(DESK, (tx) => draftCall(tx, first.visitId))
  replica.commit(DESK, (tx) => draftPatient(tx, 'سعاد محمود'))
  const [held, ...later] = replica.outbox().map(({ command }) => command)
  if (held === undefined) throw new Error('nothing held')
  const dependents = dependentsOf(new Map(held.writes.map(({ id }) => [id, held])), later)
  expect(dependents.map(({ command, parent }) => [command.seq, parent])).toEqual([
    [4, held.commandId],
  ])
})

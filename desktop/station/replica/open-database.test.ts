import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { DESK, draftPatient, fillClinic, openTestReplica, temporaryFolder } from './test-replica.ts'

/** What RxDB keeps of a collection. */
const Remembered = z.looseObject({ schema: z.looseObject({}), schemaHash: z.string() })

test('a file that an older version made with other schemas opens, with the work that waits in it', async () => {
  const { folder, remove } = temporaryFolder()
  onTestFinished(remove)
  const before = await openTestReplica({ folder })
  fillClinic(before.core)
  const patientId = before.replica.commit(DESK, (tx) => draftPatient(tx, 'منى السيد'))
  const { internalStore } = before.replica.database
  const known = await internalStore.findDocumentsById(
    ['clinic', 'patients', 'visits', 'entries'].map((name) => `collection|${name}-0`),
    false,
  )
  expect(known).toHaveLength(4)
  const { error } = await internalStore.bulkWrite(
    known.map((previous) => {
      const data = { ...Remembered.parse(previous.data), schema: {}, schemaHash: 'old' }
      return { previous, document: { ...previous, data } }
    }),
    'older-version',
  )
  expect(error).toEqual([])
  await before.close()

  for (let restart = 0; restart < 2; restart += 1) {
    const { replica, close } = await openTestReplica({ folder })
    expect(replica.read.patient(patientId)?.name).toBe('منى السيد')
    expect(replica.countOutbox().queued).toBe(1)
    const seen = await replica.database.collections.patients.findOne(patientId).exec()
    expect(seen?.name).toBe('منى السيد')
    await close()
  }
})

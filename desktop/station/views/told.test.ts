import { expect, test } from 'vitest'
import type { UserId } from '#shared/ids.ts'
import type { SharedRecord } from '#shared/shared-record.ts'
import { idOf, sharedRecordOf } from '#shared/test-values.ts'
import { PatientView } from '../contract/patient-view.ts'
import { DATABASE_NAME } from '../replica/document-rows.ts'
import { ADMIN, DESK, DOCTOR, feed } from '../replica/test-replica.ts'
import { ACCOUNTANT, checkIn, NURSE, openTestStation, type TestStation } from './test-station.ts'

const BODIES: readonly SharedRecord['body'][] = [
  { kind: 'ALLERGY', substance: 'بنسلين', reaction: 'طفح' },
  { kind: 'CONDITION', name: 'سكري' },
  { kind: 'VISIT', type: 'EXAMINATION', diagnoses: [{ code: 'J45', text: 'ربو' }] },
]

async function openTold() {
  const station = await openTestStation()
  station.sit(DESK)
  const { patientId } = await checkIn(station)
  const copies = BODIES.map((body, index) =>
    sharedRecordOf(body, { id: `copy:${index}`, patientId, queueDay: `2026-11-1${index}` }),
  )
  station.receive(...copies.map((copy) => feed('sharedHistory', copy)))
  return { station, patientId, copies }
}

async function viewFor(
  station: TestStation,
  userId: UserId,
  patientId: PatientView['patientId'],
): Promise<PatientView> {
  station.sit(userId)
  return PatientView.parse(await station.views.patient({ patientId }).compute())
}

test('what another clinic told is shown to whom it is theirs to see, with whose it is', async () => {
  const { station, patientId } = await openTold()
  const doctor = await viewFor(station, DOCTOR, patientId)
  expect(doctor.told.map(({ body }) => body.kind)).toEqual(['VISIT', 'CONDITION'])
  expect(doctor.told[0]).toMatchObject({ clinicName: 'عيادة المعادي', doctorName: 'د. هالة' })
  // Beside the clinic's own.
  const allergies = [{ substance: 'بنسلين', reaction: 'طفح', clinicName: 'عيادة المعادي' }]
  expect(doctor.allergies).toMatchObject(allergies)

  const nurse = await viewFor(station, NURSE, patientId)
  expect(nurse).toMatchObject({ told: [], allergies })
  for (const other of [DESK, ACCOUNTANT]) {
    const seen = await viewFor(station, other, patientId)
    expect(seen).toMatchObject({ told: [], allergies: null })
    expect(JSON.stringify(seen)).not.toMatch(/بنسلين|سكري|ربو/)
  }
})

test('what is taken back is gone from the file too', async () => {
  const { station, patientId, copies } = await openTold()
  station.receive(
    ...copies.map(({ id }, index) => ({
      collection: 'sharedHistory' as const,
      id,
      seq: 10 + index,
      doc: null,
    })),
  )
  expect(await viewFor(station, DOCTOR, patientId)).toMatchObject({ told: [], allergies: [] })
  expect(station.replica.read.sharedOfPatient(patientId)).toEqual([])
  const { db } = station.core.file
  const kept = db
    .prepare<[], string>(`SELECT json FROM "${DATABASE_NAME}/sharedHistory/0"`)
    .pluck()
    .all()
  expect(kept).toHaveLength(3)
  expect(kept.join()).not.toMatch(/بنسلين|سكري|ربو/)
  // Told again, it is there again.
  station.receive(...copies.map((copy) => feed('sharedHistory', copy)))
  expect((await viewFor(station, DOCTOR, patientId)).told).toHaveLength(2)
})

test('the patient’s word is said at the desk, and taken back', async () => {
  const { station, patientId } = await openTold()
  const sharing = async (userId: UserId) => (await viewFor(station, userId, patientId)).sharing
  expect(await sharing(DESK)).toEqual({ agreed: false, mayRecord: true, mayLink: false })
  const say = (given: boolean) =>
    station.act.recordConsent({ patientId, scope: 'SHARED_HISTORY', given })
  await say(true)
  expect(await sharing(DESK)).toMatchObject({ agreed: true })
  expect(await sharing(ACCOUNTANT)).toEqual({ agreed: true, mayRecord: false, mayLink: false })
  expect(await sharing(ADMIN)).toMatchObject({ mayLink: true })
  station.sit(DESK)
  await say(false)
  expect(await sharing(DOCTOR)).toMatchObject({ agreed: false })
})

test('a record of somebody else is not shown', async () => {
  const { station, patientId } = await openTold()
  const other = sharedRecordOf(
    { kind: 'CONDITION', name: 'ضغط' },
    { id: 'copy:9', patientId: idOf(998) },
  )
  station.receive(feed('sharedHistory', other))
  expect(JSON.stringify(await viewFor(station, DOCTOR, patientId))).not.toContain('ضغط')
})

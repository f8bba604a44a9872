import { expect, test } from 'vitest'
import type { VisitId } from '#shared/ids.ts'
import type { RecordView } from '../contract/record-view.ts'
import { DESK, DOCTOR } from '../replica/test-replica.ts'
import { checkIn, NURSE, openTestStation, SECOND_DOCTOR, type TestStation } from './test-station.ts'

async function recordOf(station: TestStation, visitId: VisitId): Promise<RecordView> {
  return station.views.record({ visitId }).compute()
}

test('each person sees of a record what is theirs to see, another doctor once they opened it', async () => {
  const station = await openTestStation()
  station.sit(DESK)
  const { visitId } = await checkIn(station)
  station.sit(DOCTOR)
  const { act } = station
  await act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  await act.writeNotes({ visitId, notes: 'سر المريض', orders: ['رسم قلب'] })
  const line = {
    drug: 'أموكسيسيلين',
    dose: null,
    form: null,
    route: null,
    frequency: null,
    duration: null,
    instructions: null,
  }
  const draft = { visitId, prescriptionId: null, lines: [line], note: null }
  const { prescriptionId } = await act.draftPrescription(draft)
  const final = await act.finalizePrescription({ prescriptionId })
  await act.appendAddendum({
    visitId,
    relation: 'CANCELS',
    prescriptionId: final.prescriptionId,
    replacementId: null,
    text: 'حساسية',
  })
  await act.orderLab({ visitId, test: 'صورة دم', instructions: null })

  const own = await recordOf(station, visitId)
  expect(own).toMatchObject({
    isOpen: true,
    encounter: { notes: 'سر المريض' },
    canceled: [final.prescriptionId],
    addenda: [{ body: { relation: 'CANCELS' } }],
    results: [{ test: 'صورة دم', results: [] }],
  })
  expect(own.prescriptions).toHaveLength(2)

  station.sit(DESK)
  const desk = await recordOf(station, visitId)
  expect(desk).toMatchObject({ isOpen: false, encounter: null, results: [] })
  expect(desk.prescriptions.map(({ status }) => status)).toEqual(['FINAL'])
  expect(desk.canceled).toEqual([final.prescriptionId])

  station.sit(NURSE)
  const nurse = await recordOf(station, visitId)
  expect(nurse.encounter).toMatchObject({ orders: ['رسم قلب'] })
  expect(nurse.prescriptions).toEqual([])
  expect(JSON.stringify(nurse)).not.toContain('سر المريض')

  station.sit(SECOND_DOCTOR)
  expect(JSON.stringify(await recordOf(station, visitId))).not.toContain('سر المريض')
  await station.act.openRecord({ visitId })
  expect(await recordOf(station, visitId)).toMatchObject({
    isOpen: true,
    encounter: { notes: 'سر المريض' },
  })
  expect(station.replica.read.entriesOfVisit(visitId)).toContainEqual(
    expect.objectContaining({ by: SECOND_DOCTOR, body: { kind: 'RECORD_OPENED' } }),
  )
})

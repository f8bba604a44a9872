import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VISIT_COMMANDS, type VisitCommandName } from '#shared/commands.ts'
import type { VisitId } from '#shared/ids.ts'
import { can, Role, VisitStatus } from '#shared/roles.ts'
import type { DeskHandlers } from './handlers.ts'
import { openTestClinic, SETTINGS, type TestClinic } from './test-clinic.ts'
import { at, checkInNew, doctorOf, draftOf, EVERYBODY, outcomeOf } from './test-desk.ts'

const STEPS_TO: Record<VisitStatus, (act: DeskHandlers, visitId: VisitId) => void> = {
  WAITING: () => undefined,
  WITH_ASSISTANT: (act, visitId) => act.startVisit({ visitId, to: 'WITH_ASSISTANT' }),
  WITH_DOCTOR: (act, visitId) => act.startVisit({ visitId, to: 'WITH_DOCTOR' }),
  DONE(act, visitId) {
    act.startVisit({ visitId, to: 'WITH_DOCTOR' })
    act.finishVisit({ visitId })
  },
  CANCELED: (act, visitId) => act.cancel({ visitId, reason: null }),
  NO_SHOW: (act, visitId) => act.markNoShow({ visitId }),
}

/** A clinic with a visit in that status, others waiting before and behind it in both lines. */
function clinicWithVisit(status: VisitStatus): { clinic: TestClinic; visitId: VisitId } {
  const clinic = openTestClinic()
  checkInNew(clinic)
  const { visitId } = checkInNew(clinic)
  checkInNew(clinic)
  checkInNew(clinic, 1)
  STEPS_TO[status](at(clinic, clinic.personWith(...EVERYBODY)), visitId)
  clinic.clock += 600_000
  return { clinic, visitId }
}

const GIVE: Record<
  VisitCommandName,
  (act: DeskHandlers, visitId: VisitId, clinic: TestClinic) => unknown
> = {
  call: (act, visitId) => act.call({ visitId }),
  startVisit: (act, visitId) => act.startVisit({ visitId, to: 'WITH_DOCTOR' }),
  sendToDoctor: (act, visitId) => act.sendToDoctor({ visitId }),
  sendToAssistant: (act, visitId) => act.sendToAssistant({ visitId }),
  returnToLine: (act, visitId) => act.returnToLine({ visitId }),
  finishVisit: (act, visitId) => act.finishVisit({ visitId }),
  skip: (act, visitId) => act.skip({ visitId }),
  reorder(act, visitId, clinic) {
    checkInNew(clinic)
    clinic.clock += 600_000
    act.reorder({ visitId, before: null, reason: 'باتفاقهم' })
  },
  changeLine: (act, visitId, clinic) => act.changeLine({ visitId, doctorId: doctorOf(clinic, 1) }),
  setPriority: (act, visitId) => act.setPriority({ visitId, priority: 'URGENT', reason: 'حرارة' }),
  recall: (act, visitId) => act.recall({ visitId }),
  markNoShow: (act, visitId) => act.markNoShow({ visitId }),
  cancel: (act, visitId) => act.cancel({ visitId, reason: 'مشى' }),
  mergeVisits(act, visitId, clinic) {
    const patientId = clinic.visits.get(visitId)?.patientId
    if (patientId === undefined) throw new RangeError('no visit')
    const { visitId: keep } = at(clinic, clinic.personWith('RECEPTION')).checkIn({
      patient: { kind: 'KNOWN', patientId },
      doctorId: doctorOf(clinic),
      visitType: 'EXAMINATION',
      priority: 'NORMAL',
      payment: null,
    })
    act.mergeVisits({ keep, merge: visitId })
  },
}

const NAMES = Object.keys(VISIT_COMMANDS) as VisitCommandName[]
const cases = NAMES.flatMap((name) => Role.options.map((role) => [name, role] as const))

test.each(cases)('%s by %s is made exactly in the statuses the tables allow', (name, role) => {
  const rule = VISIT_COMMANDS[name]
  const from: readonly VisitStatus[] = rule.from
  for (const status of VisitStatus.options) {
    const { clinic, visitId } = clinicWithVisit(status)
    const act = at(clinic, clinic.personWith(role))
    const outcome = outcomeOf(() => GIVE[name](act, visitId, clinic))
    const isRight = can([role], status, rule.action)
    if (from.includes(status) && isRight)
      expect({ status, outcome }).toEqual({ status, outcome: 'ACCEPTED' })
    else expect(['FORBIDDEN', 'UNLAWFUL_STEP']).toContain(outcome)
    if (!isRight && from.includes(status)) expect(outcome).toBe('FORBIDDEN')
  }
})

test.each(Role.options)('money by %s is taken and given back where the table allows', (role) => {
  for (const status of VisitStatus.options) {
    const { clinic, visitId } = clinicWithVisit('WAITING')
    const amount = { minor: 15_000, currency: 'EGP' as const }
    const desk = at(clinic, clinic.personWith('RECEPTION'))
    const paid = desk.takePayment({ visitId, amount, method: 'CASH' })
    STEPS_TO[status](at(clinic, clinic.personWith(...EVERYBODY)), visitId)
    const act = at(clinic, clinic.personWith(role))
    const payment = outcomeOf(() => act.takePayment({ visitId, amount, method: 'CARD' }))
    expect(payment).toBe(can([role], status, 'TAKE_PAYMENT') ? 'ACCEPTED' : 'FORBIDDEN')
    const refund = outcomeOf(() =>
      act.refund({ paymentId: paid.entryId, amount, method: 'CASH', reason: 'زيادة' }),
    )
    expect(refund).toBe(can([role], status, 'REFUND') ? 'ACCEPTED' : 'FORBIDDEN')
  }
})

test.each(Role.options)(
  'patients by %s are registered, edited and checked in as allowed',
  (role) => {
    const { clinic, visitId } = clinicWithVisit('WAITING')
    const act = at(clinic, clinic.personWith(role))
    const known = clinic.visits.get(visitId)?.patientId
    if (known === undefined) throw new RangeError('no visit')
    const allowed = (is: boolean): string => (is ? 'ACCEPTED' : 'FORBIDDEN')
    expect(outcomeOf(() => act.registerPatient({ draft: draftOf('سمير') }))).toBe(
      allowed(can([role], 'NONE', 'REGISTER_PATIENT')),
    )
    const edit = (): unknown => act.editPatient({ patientId: known, changes: { note: 'جديد' } })
    expect(outcomeOf(edit)).toBe(allowed(can([role], 'WAITING', 'EDIT_PATIENT')))
    expect(
      outcomeOf(() =>
        act.checkIn({
          patient: { kind: 'NEW', draft: draftOf('سامي') },
          doctorId: doctorOf(clinic, 1),
          visitType: 'EXAMINATION',
          priority: 'URGENT',
          payment: { amount: { minor: 50_000, currency: 'EGP' }, method: 'CASH' },
        }),
      ),
    ).toBe(allowed(can([role], 'NONE', 'CHECK_IN')))
  },
)

test('a check-in with everything is one command, and its slip says the place in the line', () => {
  const clinic = openTestClinic()
  checkInNew(clinic)
  checkInNew(clinic, 1)
  const made = at(clinic, clinic.personWith('RECEPTION')).checkIn({
    patient: { kind: 'NEW', draft: draftOf('هدى سالم', '٠١٠٠ ١٢٣ ٤٥٦٧') },
    doctorId: doctorOf(clinic),
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: { amount: { minor: 30_000, currency: 'EGP' }, method: 'INSTAPAY' },
  })
  expect(made.slip).toMatchObject({
    clinicName: SETTINGS.name,
    ticket: '3',
    patientName: 'هدى سالم',
    room: '1',
    before: 1,
    queueDay: '2026-11-22',
    paid: { minor: 30_000, currency: 'EGP' },
    receipt: 'A-1',
  })
  expect(clinic.accepted.at(-1)?.writes.map(({ collection }) => collection)).toEqual([
    'patients',
    'visits',
    'entries',
  ])
  expect(clinic.patients.get(made.patientId)?.phones).toEqual(['+201001234567'])
  expect(clinic.visits.get(made.visitId)?.fee.minor).toBe(30_000)
})

test('a patient with the name and phone of another is registered and flagged', () => {
  const clinic = openTestClinic()
  const act = at(clinic, clinic.personWith('RECEPTION'))
  const first = act.registerPatient({ draft: draftOf('أحمد على حسن') })
  const second = act.registerPatient({ draft: draftOf('احمد علي حسن', '+20 100 123 4567') })
  expect(first.possibleDuplicateOf).toBeNull()
  expect(second.possibleDuplicateOf).toBe(first.patientId)
  expect(act.registerPatient({ draft: draftOf('منى على حسن') }).possibleDuplicateOf).toBeNull()
})

test('an edit marks only what differs, and one that changes nothing is no command', () => {
  const clinic = openTestClinic()
  const act = at(clinic, clinic.personWith('RECEPTION'))
  const { patientId } = act.registerPatient({ draft: draftOf('سعاد') })
  act.editPatient({
    patientId,
    changes: { name: 'سعاد', phones: ['01001234567'], note: ' حساسية ' },
  })
  expect(clinic.patients.get(patientId)?.note).toBe('حساسية')
  expect(Object.keys(clinic.patients.get(patientId)?.marks ?? {})).toEqual(['note'])
  const before = clinic.accepted.length
  act.editPatient({ patientId, changes: { note: 'حساسية', address: '  ' } })
  expect(clinic.accepted).toHaveLength(before)
})

test('no sequence of actions by anybody makes a command that is not what its name allows', () => {
  const action = fc.record({
    name: fc.constantFrom(...NAMES, 'callNext', 'undo', 'pay', 'checkIn', 'edit' as const),
    target: fc.nat(5),
    role: fc.constantFrom(...Role.options),
    pause: fc.constantFrom(0, 1_000, 150_000),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const clinic = openTestClinic()
      for (let index = 0; index < 4; index += 1) checkInNew(clinic, index % 2)
      for (const { name, target, role, pause } of actions) {
        clinic.clock += pause
        const visits = [...clinic.visits.values()]
        const visit = visits[target % visits.length]
        if (visit === undefined) continue
        const act = at(clinic, clinic.personWith(role, 'DOCTOR'))
        const outcome = outcomeOf(() => {
          if (name === 'callNext') return act.callNext({ doctorId: visit.doctorId })
          if (name === 'undo') return act.undoLast({})
          if (name === 'checkIn') return checkInNew(clinic)
          if (name === 'pay') {
            return act.takePayment({ visitId: visit.id, amount: visit.fee, method: 'CASH' })
          }
          if (name === 'edit') {
            return act.editPatient({ patientId: visit.patientId, changes: { note: `${pause}` } })
          }
          return GIVE[name](act, visit.id, clinic)
        })
        expect(['NOT_THE_COMMAND', 'INTERNAL', 'IMMUTABLE']).not.toContain(outcome)
      }
    }),
    { numRuns: 60 },
  )
})

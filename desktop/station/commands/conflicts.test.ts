import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Entry } from '#shared/entry.ts'
import { type Command, CommandName } from '#shared/commands.ts'
import { CommandId, type VisitId } from '#shared/ids.ts'
import { resolve } from '#shared/resolve.ts'
import { duplicateVisits } from './duplicate-visits.ts'
import { formatInboxItemId, parseInboxItemId } from './inbox-item-id.ts'
import { accountOf, entriesByAccount } from './paid.ts'
import { makeId, openTestClinic, STATION_A, STATION_B, type TestClinic } from './test-clinic.ts'
import { at, checkInNew, doctorOf, EVERYBODY, outcomeOf } from './test-desk.ts'

/** The same patient checked in once more, at the other station. */
function checkInAgain(clinic: TestClinic, visitId: VisitId): VisitId {
  const visit = clinic.visits.get(visitId)
  if (visit === undefined) throw new RangeError('no visit')
  clinic.moveTo(STATION_B)
  const again = at(clinic, clinic.personWith('RECEPTION')).checkIn({
    patient: { kind: 'KNOWN', patientId: visit.patientId },
    doctorId: visit.doctorId,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: { amount: visit.fee, method: 'CASH' },
  })
  clinic.moveTo(STATION_A)
  return again.visitId
}

function groups(clinic: TestClinic): VisitId[][] {
  return duplicateVisits([...clinic.visits.values()]).map((group) => group.map(({ id }) => id))
}

test('a visit checked in twice shows until it is merged, and both payments count at the one kept', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const { visitId: keep } = checkInNew(clinic)
  checkInNew(clinic)
  desk.takePayment({ visitId: keep, amount: { minor: 10_000, currency: 'EGP' }, method: 'CARD' })
  const merge = checkInAgain(clinic, keep)
  expect(groups(clinic)).toEqual([[keep, merge]])
  desk.mergeVisits({ keep, merge })
  expect(groups(clinic)).toEqual([])
  expect(clinic.visits.get(merge)).toMatchObject({ status: 'CANCELED', mergedInto: keep })
  const visits = new Map([...clinic.visits.values()].map((visit) => [visit.id, visit]))
  const entries = entriesByAccount([...clinic.entries.values()], visits)
  const kept = clinic.visits.get(keep)
  expect(kept === undefined ? null : accountOf(kept, entries.get(keep) ?? [])).toMatchObject({
    paid: 'PAID',
    net: { minor: 40_000 },
    balance: { minor: -10_000 },
  })
  expect(entries.has(merge)).toBe(false)
  expect(outcomeOf(() => desk.mergeVisits({ keep: merge, merge: keep }))).toBe('INVALID')
})

test('a merge that is undone leaves the visit as it was: in its line, and its payment with it', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const { visitId: keep } = checkInNew(clinic)
  const merge = checkInAgain(clinic, keep)
  desk.mergeVisits({ keep, merge })
  expect(desk.undoLast({}).visitId).toBe(merge)
  const visit = clinic.visits.get(merge)
  expect(visit).toMatchObject({ status: 'WAITING', mergedInto: null })
  const visits = new Map([...clinic.visits.values()].map((each) => [each.id, each]))
  const entries = entriesByAccount([...clinic.entries.values()], visits)
  expect(visit === undefined ? null : accountOf(visit, entries.get(merge) ?? []).paid).toBe('PAID')
  expect(groups(clinic)).toEqual([[keep, merge]])
  desk.mergeVisits({ keep, merge })
  expect(clinic.visits.get(merge)).toMatchObject({ status: 'CANCELED', mergedInto: keep })
})

test('nobody is merged out of every line: not into a visit that is over, nor into another line', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const { visitId: keep } = checkInNew(clinic)
  const merge = checkInAgain(clinic, keep)
  desk.changeLine({ visitId: keep, doctorId: doctorOf(clinic, 1) })
  expect(outcomeOf(() => desk.mergeVisits({ keep, merge }))).toBe('INVALID')
  desk.changeLine({ visitId: keep, doctorId: doctorOf(clinic, 0) })
  desk.markNoShow({ visitId: keep })
  expect(outcomeOf(() => desk.mergeVisits({ keep, merge }))).toBe('INVALID')
  desk.recall({ visitId: keep })
  desk.cancel({ visitId: keep, reason: null })
  expect(outcomeOf(() => desk.mergeVisits({ keep, merge }))).toBe('INVALID')
  expect(clinic.visits.get(merge)?.status).toBe('WAITING')
})

test('a visit in care stands by itself, though somebody had merged it away', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const { visitId: keep } = checkInNew(clinic)
  const merge = checkInAgain(clinic, keep)
  const unaware = clinic.visits.get(merge)
  at(clinic, clinic.personWith('DOCTOR')).startVisit({ visitId: merge, to: 'WITH_DOCTOR' })
  const inCare = clinic.visits.get(merge)
  if (unaware === undefined || inCare === undefined) throw new RangeError('no visit')
  clinic.visits.set(merge, unaware)
  desk.mergeVisits({ keep, merge })
  const merged = clinic.visits.get(merge) ?? unaware
  clinic.visits.set(merge, resolve('visits', unaware, merged, inCare))
  expect(clinic.visits.get(merge)).toMatchObject({ status: 'WITH_DOCTOR', mergedInto: keep })
  const visits = new Map([...clinic.visits.values()].map((each) => [each.id, each]))
  expect([...entriesByAccount([...clinic.entries.values()], visits).keys()]).toEqual([merge])
  expect(groups(clinic)).toEqual([[keep, merge]])
})

test('two visits merged into each other by two stations show, until somebody looks or checks in', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const { visitId: a } = checkInNew(clinic)
  const b = checkInAgain(clinic, a)
  const before = clinic.visits.get(a)
  if (before === undefined) throw new RangeError('no visit')
  desk.mergeVisits({ keep: b, merge: a })
  const away = clinic.visits.get(a)
  if (away === undefined) throw new RangeError('no visit')
  clinic.visits.set(a, before)
  desk.mergeVisits({ keep: a, merge: b })
  clinic.visits.set(a, away)
  expect(groups(clinic)).toEqual([[a, b]])
  const itemId = formatInboxItemId({ kind: 'DUPLICATE_VISIT', visitId: a })
  const open = new Map(clinic.visits)
  desk.settle({ itemId, choice: 'DISMISS' })
  expect(groups(clinic)).toEqual([])
  for (const [id, visit] of open) clinic.visits.set(id, visit)
  checkInAgain(clinic, a)
  expect(groups(clinic)).toEqual([])
})

test('two visits that a person says are two are not shown again; an evening visit never is', () => {
  const clinic = openTestClinic()
  const everybody = at(clinic, clinic.personWith(...EVERYBODY))
  const { visitId: a } = checkInNew(clinic)
  const b = checkInAgain(clinic, a)
  const c = checkInAgain(clinic, a)
  expect(groups(clinic)).toEqual([[a, b, c]])
  const itemId = formatInboxItemId({ kind: 'DUPLICATE_VISIT', visitId: a })
  everybody.settle({ itemId, choice: 'KEEP' })
  expect(groups(clinic)).toEqual([])
  expect(outcomeOf(() => everybody.settle({ itemId, choice: 'KEEP' }))).toBe('NOT_FOUND')
  // The first cancelled: the other two were settled through it and stay so.
  everybody.cancel({ visitId: a, reason: null })
  expect(groups(clinic)).toEqual([])

  const { visitId: morning } = checkInNew(clinic)
  everybody.startVisit({ visitId: morning, to: 'WITH_DOCTOR' })
  everybody.finishVisit({ visitId: morning })
  checkInAgain(clinic, morning)
  expect(groups(clinic)).toEqual([])
})

test('a lost value is put back as an edit, or let go; either way the row is gone', () => {
  for (const choice of ['KEEP', 'RESTORE'] as const) {
    const clinic = openTestClinic()
    const desk = at(clinic, clinic.personWith('RECEPTION'))
    const { patientId } = checkInNew(clinic)
    const base = clinic.patients.get(patientId)
    desk.editPatient({ patientId, changes: { address: 'شارع النيل' } })
    const fork = clinic.patients.get(patientId)
    if (base === undefined || fork === undefined) throw new RangeError('no patient')
    clinic.patients.set(patientId, base)
    clinic.moveTo(STATION_B)
    desk.editPatient({ patientId, changes: { address: 'شارع البحر' } })
    const master = clinic.patients.get(patientId)
    if (master === undefined) throw new RangeError('no patient')
    clinic.patients.set(patientId, resolve('patients', base, master, fork))
    const [lost] = clinic.patients.get(patientId)?.superseded ?? []
    expect(lost?.value).toBe('شارع النيل')
    const itemId = formatInboxItemId({
      kind: 'SUPERSEDED',
      collection: 'patients',
      documentId: patientId,
      supersededId: lost?.id ?? '',
    })
    expect(
      outcomeOf(() => at(clinic, clinic.personWith('DOCTOR')).settle({ itemId, choice })),
    ).toBe('FORBIDDEN')
    desk.settle({ itemId, choice })
    const after = clinic.patients.get(patientId)
    expect(after?.address).toBe(choice === 'KEEP' ? 'شارع البحر' : 'شارع النيل')
    expect(after?.settled).toEqual([lost?.id])
    expect(outcomeOf(() => desk.settle({ itemId, choice }))).toBe('NOT_FOUND')
  }
})

test('a cancellation that care outranked is settled by its step', () => {
  const clinic = openTestClinic()
  const desk = at(clinic, clinic.personWith('RECEPTION'))
  const { visitId } = checkInNew(clinic)
  const base = clinic.visits.get(visitId)
  at(clinic, clinic.personWith('DOCTOR')).startVisit({ visitId, to: 'WITH_DOCTOR' })
  const master = clinic.visits.get(visitId)
  if (base === undefined || master === undefined) throw new RangeError('no visit')
  clinic.visits.set(visitId, base)
  desk.cancel({ visitId, reason: 'مشى' })
  const fork = clinic.visits.get(visitId)
  if (fork === undefined) throw new RangeError('no visit')
  clinic.visits.set(visitId, resolve('visits', base, master, fork))
  expect(clinic.visits.get(visitId)?.status).toBe('WITH_DOCTOR')
  const transitionId = fork.transitions.at(-1)?.id
  if (transitionId === undefined) throw new RangeError('no step')
  const itemId = formatInboxItemId({ kind: 'OVERRULED', visitId, transitionId })
  expect(outcomeOf(() => desk.settle({ itemId, choice: 'RESTORE' }))).toBe('INVALID')
  desk.settle({ itemId, choice: 'DISMISS' })
  expect(clinic.visits.get(visitId)?.settled).toEqual([transitionId])
})

test('a quarantined command is decided by an ADMIN, once', () => {
  const clinic = openTestClinic()
  const commandId = CommandId.parse(makeId())
  clinic.quarantined.push({
    kind: 'QUARANTINED',
    commandId,
    stationId: STATION_B.stationId,
    name: CommandName.enum.checkIn,
    by: doctorOf(clinic),
    at: firstStamp(clinic),
    reason: 'MEMBER_INACTIVE',
    touches: [],
    decision: 'PENDING',
  })
  const decide = (role: 'RECEPTION' | 'ADMIN'): string =>
    outcomeOf(() =>
      at(clinic, clinic.personWith(role)).decideQuarantined({ commandId, accept: true }),
    )
  expect([decide('RECEPTION'), decide('ADMIN')]).toEqual(['FORBIDDEN', 'ACCEPTED'])
  expect(clinic.accepted.at(-1)?.decision).toEqual({ commandId, accept: true })
})

function firstStamp(clinic: TestClinic): Command['at'] {
  const { visitId } = checkInNew(clinic)
  const visit = clinic.visits.get(visitId)
  if (visit === undefined) throw new RangeError('no visit')
  return visit.created.at
}

test('an id of the inbox that is none is refused', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (text) => {
      expect(outcomeOf(() => parseInboxItemId(text))).toBe('INVALID')
    }),
  )
})

test('money is neither made nor lost, however visits are merged', () => {
  const clinic = openTestClinic()
  const { visitId: first } = checkInNew(clinic)
  const ids = [first, ...Array.from({ length: 5 }, () => checkInAgain(clinic, first))]
  const entries = [...clinic.entries.values()]
  const amountOf = ({ body }: Entry): number => ('amount' in body ? body.amount.minor : 0)
  const total = entries.reduce((sum, entry) => sum + amountOf(entry), 0)
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.nat(5), { nil: null }), { minLength: 6, maxLength: 6 }),
      (targets) => {
        const visits = new Map(
          ids.map((id, index) => {
            const target = targets[index] ?? null
            const into = target === null || target === index ? null : (ids[target] ?? null)
            return [id, { id, status: 'CANCELED' as const, mergedInto: into }]
          }),
        )
        const counted = [...entriesByAccount(entries, visits).values()].flat()
        expect(counted.reduce((sum, entry) => sum + amountOf(entry), 0)).toBe(total)
      },
    ),
  )
})

import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Entry } from '#shared/entry.ts'
import type { ClinicId, PatientId, UserId } from '#shared/ids.ts'
import type { Allergy } from '#shared/patient.ts'
import { SharedRecord } from '#shared/shared-record.ts'
import { formatStamp, SERVER_NODE } from '#shared/stamp.ts'
import {
  CLINIC,
  encounterOf,
  entryOf,
  idOf,
  labResultOf,
  PATIENT,
  patientOf,
  PEOPLE,
  pick,
  prescriptionOf,
  SETTINGS,
  stampAt,
  START,
  STATIONS,
  visitOf,
} from '#shared/test-values.ts'
import { copiesDue, differenceOf, type OwnRecords } from './copies-due.ts'

const RECEIVER: ClinicId = idOf(700)
const HERE: PatientId = idOf(701)
const STRANGER: PatientId = idOf(702)
const [OWNER, OTHER_OWNER] = [idOf<UserId>(710), idOf<UserId>(711)]
const DOCTOR = pick(PEOPLE, 2)
const author = (seconds: number) => ({
  at: stampAt(seconds),
  by: DOCTOR,
  stationId: pick(STATIONS, 0),
})
const ERASED = { name: { at: formatStamp(START, 0, SERVER_NODE), by: OWNER } }

const allergy = (number: number, retracts: Allergy['id'] | null = null): Allergy => ({
  id: idOf(number),
  ...author(number),
  substance: `بنسلين ${number}`,
  reaction: null,
  severity: 'SEVERE',
  retracts,
})

const said = (number: number, given: boolean, patientId: PatientId = PATIENT): Entry =>
  entryOf(
    { kind: 'CONSENT', scope: 'SHARED_HISTORY', given },
    { id: idOf(number), visitId: null, patientId, at: stampAt(number) },
  )

const FINAL = prescriptionOf({ id: idOf(802), status: 'FINAL', doctorId: DOCTOR })
const canceled = entryOf(
  {
    kind: 'ADDENDUM',
    relation: 'CANCELS',
    prescriptionId: FINAL.id,
    replacementId: null,
    text: 'حساسية',
  },
  { id: idOf(803) },
)

/** Chance's clinics: whatever may keep a history from being shared, and what there is of it. */
const worlds = fc.record({
  linked: fc.constantFrom(
    { receiver: HERE, source: PATIENT },
    { receiver: HERE, source: STRANGER },
    { receiver: STRANGER, source: PATIENT },
    null,
  ),
  ownerId: fc.constantFrom(OWNER, OWNER, OWNER, OTHER_OWNER),
  active: fc.tuple(
    fc.constantFrom(true, true, true, false),
    fc.constantFrom(true, true, true, false),
  ),
  erased: fc.tuple(
    fc.constantFrom(false, false, false, true),
    fc.constantFrom(false, false, false, true),
  ),
  consents: fc.array(fc.boolean(), { maxLength: 4 }),
  strangers: fc.boolean(),
  isDone: fc.boolean(),
  isFinal: fc.boolean(),
  isCanceled: fc.boolean(),
  allergies: fc.nat(3),
  retracted: fc.boolean(),
})
type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never

function recordsIn(world: World): OwnRecords {
  return {
    settings: SETTINGS,
    visits: [
      visitOf({ status: world.isDone ? 'DONE' : 'CANCELED', doctorId: DOCTOR }),
      visitOf({ id: idOf(820), patientId: STRANGER, status: 'DONE' }),
    ],
    encounters: [encounterOf({ diagnoses: [{ code: 'J45', text: 'ربو' }] })],
    prescriptions: [world.isFinal ? FINAL : { ...FINAL, status: 'DRAFT' }],
    labResults: [
      labResultOf({
        results: [{ id: idOf(830), ...author(5), text: 'سالب', attachments: [] }],
      }),
    ],
    entries: [
      ...world.consents.map((given, index) => said(840 + index, given)),
      ...(world.strangers ? [said(850, true, STRANGER)] : []),
      ...(world.isCanceled ? [canceled] : []),
    ],
    doctors: new Map([[DOCTOR, 'د. منى']]),
  }
}

function dueIn(world: World, records = recordsIn(world)): SharedRecord[] {
  const facts = Array.from({ length: world.allergies }, (_, index) => allergy(860 + index))
  const [first] = facts
  const taken = world.retracted && first !== undefined ? [allergy(870, first.id)] : []
  return copiesDue({
    linked: world.linked,
    receiver: {
      clinicId: RECEIVER,
      ownerId: OWNER,
      active: world.active[0],
      patient: patientOf({
        id: HERE,
        clinicId: RECEIVER,
        marks: world.erased[0] ? ERASED : {},
      }),
    },
    source: {
      clinicId: CLINIC,
      ownerId: world.ownerId,
      active: world.active[1],
      patient: patientOf({
        allergies: [...facts, ...taken],
        marks: world.erased[1] ? ERASED : {},
      }),
    },
    records,
  })
}

/** All is as it must be. */
const WELL: World = {
  linked: { receiver: HERE, source: PATIENT },
  ownerId: OWNER,
  active: [true, true],
  erased: [false, false],
  consents: [true],
  strangers: false,
  isDone: true,
  isFinal: true,
  isCanceled: false,
  allergies: 2,
  retracted: false,
}

describe('the copies that should stand', () => {
  test('are there exactly when a link, one owner, two open clinics and a consent are', () => {
    let shared = 0
    fc.assert(
      fc.property(worlds, (world) => {
        const isLinked = world.linked?.receiver === HERE && world.linked.source === PATIENT
        const isAllowed =
          isLinked &&
          world.ownerId === OWNER &&
          world.active.every(Boolean) &&
          !world.erased.some(Boolean) &&
          (world.consents.at(-1) ?? false)
        const due = dueIn(world)
        // The result is there in each of these worlds.
        expect(due.length > 0).toBe(isAllowed)
        shared += Number(isAllowed)
      }),
      { numRuns: 2_000 },
    )
    expect(shared).toBeGreaterThan(20)
  })

  test('are the receiving clinic’s own rows, valid, and say whose they are and by what right', () => {
    fc.assert(
      fc.property(worlds, (chance) => {
        const world = { ...chance, ...WELL, allergies: chance.allergies, isDone: chance.isDone }
        for (const copy of dueIn(world)) {
          expect(SharedRecord.parse(copy)).toEqual(copy)
          expect(copy).toMatchObject({
            clinicId: RECEIVER,
            patientId: HERE,
            ownerId: OWNER,
            consentId: idOf(840),
            source: { clinicId: CLINIC, clinicName: SETTINGS.name, doctorName: 'د. منى' },
            id: `${CLINIC}:${copy.body.kind}:${copy.source.recordId}`,
          })
        }
      }),
    )
  })

  test('are the same in whatever order the records were read', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const records = recordsIn(world)
        const turned = {
          ...records,
          visits: records.visits.toReversed(),
          entries: records.entries.toReversed(),
        }
        expect(dueIn(world, turned)).toEqual(dueIn(world))
      }),
    )
  })

  const kinds = (world: World) => dueIn(world).map(({ body }) => body.kind)

  test('are of visits that took place, of what was finalized, of what stands', () => {
    expect(kinds(WELL)).toEqual(['ALLERGY', 'ALLERGY', 'PRESCRIPTION', 'RESULT', 'VISIT'])
    expect(kinds({ ...WELL, isDone: false })).not.toContain('VISIT')
    expect(kinds({ ...WELL, isFinal: false })).not.toContain('PRESCRIPTION')
    expect(kinds({ ...WELL, retracted: true }).filter((kind) => kind === 'ALLERGY')).toHaveLength(1)
  })

  test('say of a prescription that it was cancelled', () => {
    const said = (world: World) =>
      dueIn(world).flatMap(({ body }) => (body.kind === 'PRESCRIPTION' ? [body.canceled] : []))
    expect(said(WELL)).toEqual([false])
    expect(said({ ...WELL, isCanceled: true })).toEqual([true])
  })
})

test('what must be written is what differs, and nothing twice', () => {
  fc.assert(
    fc.property(worlds, worlds, (before, after) => {
      const [standing, due] = [dueIn(before), dueIn(after)]
      const { write, remove } = differenceOf(standing, due, isDeepStrictEqual)
      const stands = new Map(standing.map((copy) => [copy.id, copy]))
      for (const id of remove) stands.delete(id)
      for (const copy of write) stands.set(copy.id, copy)
      expect([...stands.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(due)
      const again = differenceOf(due, due, isDeepStrictEqual)
      expect(again).toEqual({ write: [], remove: [] })
    }),
  )
})

import type { ClinicDoc, Price, Settings } from '#shared/clinic.ts'
import { ClinicId, UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'

/** The clinic that every suite works in: three lines, and one person who may do everything. */

export const BENCH_CLINIC = ClinicId.parse('01930000-0000-7000-8000-00000000be01')
export const BENCH_PASSWORD = 'bench-dawr'

const userId = (number: number) => UserId.parse(`01930000-0000-7000-8000-00000000be1${number}`)

interface BenchPerson {
  readonly userId: UserId
  readonly name: string
  readonly email: string
  readonly roles: readonly Role[]
}

/** Every role, so that one session can do each command of the desk. */
export const DESK: BenchPerson = {
  userId: userId(0),
  name: 'سعاد محمود',
  email: 'desk@bench.dawr',
  roles: ['ADMIN', 'RECEPTION', 'ASSISTANT', 'DOCTOR'],
}

export const DOCTORS: readonly BenchPerson[] = ['د. هالة', 'د. شريف', 'د. مريم'].map(
  (name, index) => ({
    userId: userId(index + 1),
    name,
    email: `doctor${index + 1}@bench.dawr`,
    roles: ['DOCTOR'],
  }),
)

export const PEOPLE: readonly BenchPerson[] = [DESK, ...DOCTORS]

export const FEE = { minor: 400_00, currency: 'EGP' } as const

export const SETTINGS: Settings = {
  kind: 'SETTINGS',
  name: 'عيادة القياس',
  slug: 'bench',
  timeZone: 'Africa/Cairo',
  currency: 'EGP',
  cutOvers: [{ from: '2020-01-01', hour: 5 }],
  digits: 'ARABIC_INDIC',
  waitAmberMinutes: 30,
  waitRedMinutes: 60,
  skipPlaces: 3,
  courtesyEnabled: true,
  refundLimit: { minor: 200_00, currency: 'EGP' },
  followUpDays: 14,
  returnToLine: 'FRONT',
  narrowing: {},
  active: true,
  demo: false,
}

export const LINES = DOCTORS.map(({ userId, name }, index) => ({
  userId,
  name,
  room: String(index + 1),
  specialty: 'باطنة',
}))

export const PRICES: ReadonlyArray<Omit<Price, 'kind'>> = [
  { doctorId: null, visitType: 'EXAMINATION', amount: FEE },
  { doctorId: null, visitType: 'FOLLOW_UP', amount: { minor: 0, currency: 'EGP' } },
]

/** The `clinic` collection as the server would write it, for a station that has never met one. */
export function clinicDocuments(): ClinicDoc[] {
  const clinicId = BENCH_CLINIC
  return [
    { id: 'settings', clinicId, body: SETTINGS },
    ...PEOPLE.map(({ userId, name, email, roles }) => ({
      id: `staff:${userId}`,
      clinicId,
      body: { kind: 'STAFF' as const, userId, name, email, roles: [...roles], active: true },
    })),
    ...LINES.map(({ userId: doctorId, name, room, specialty }, order) => ({
      id: `doctor:${doctorId}`,
      clinicId,
      body: { kind: 'DOCTOR' as const, doctorId, name, room, specialty, order, active: true },
    })),
    ...PRICES.map((price) => ({
      id: `price:${price.doctorId ?? 'all'}:${price.visitType}`,
      clinicId,
      body: { kind: 'PRICE' as const, ...price },
    })),
  ]
}

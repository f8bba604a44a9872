import type { Price, Settings } from '#shared/clinic.ts'
import { ClinicId, UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'

/** Fixed, so that seeding again finds what it made; the last digits number people and clinics. */
const userId = (number: string) => UserId.parse(`01930000-0000-7000-8000-0000000000${number}`)
const clinicId = (number: string) => ClinicId.parse(`01930000-0000-7000-8000-00000000c1${number}`)

interface DemoUser {
  id: UserId
  email: string
  name: string
}

const person = (number: string, account: string, name: string): DemoUser => ({
  id: userId(number),
  email: `${account}@demo.dawr`,
  name,
})

const OWNER = person('01', 'owner', 'د. هالة عبد الرحمن')
const DOCTOR_2 = person('02', 'doctor', 'د. شريف المصري')
const DOCTOR_3 = person('03', 'doctor2', 'د. مريم إسكندر')
const ADMIN = person('04', 'admin', 'طارق حسني')
const RECEPTION = person('05', 'reception', 'سعاد محمود')
const RECEPTION_2 = person('06', 'reception2', 'فاطمة الزهراء علي')
const ASSISTANT = person('07', 'assistant', 'يحيى عبد الله')
const ACCOUNTANT = person('08', 'accountant', 'مجدي فؤاد')
const INVENTORY = person('09', 'inventory', 'رضا السيد')

export const DEMO_USERS: readonly DemoUser[] = [
  OWNER,
  DOCTOR_2,
  DOCTOR_3,
  ADMIN,
  RECEPTION,
  RECEPTION_2,
  ASSISTANT,
  ACCOUNTANT,
  INVENTORY,
]

interface DemoClinic {
  clinicId: ClinicId
  ownerId: UserId
  settings: Settings
  staff: Array<{ userId: UserId; roles: Role[] }>
  doctors: Array<{ userId: UserId; room: string; specialty: string; followUpDays?: number }>
  prices: Array<Omit<Price, 'kind'>>
}

function settings(name: string, slug: string): Settings {
  return {
    kind: 'SETTINGS',
    name,
    slug,
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
    demo: true,
  }
}

/** @param pounds of an examination, a follow-up and a procedure */
function prices(doctorId: UserId | null, pounds: [number, number, number]): DemoClinic['prices'] {
  const visitTypes = ['EXAMINATION', 'FOLLOW_UP', 'PROCEDURE'] as const
  return visitTypes.map((visitType, index) => ({
    doctorId,
    visitType,
    amount: { minor: (pounds[index] ?? 0) * 100, currency: 'EGP' },
  }))
}

const NILE: DemoClinic = {
  clinicId: clinicId('01'),
  ownerId: OWNER.id,
  settings: settings('عيادات النيل', 'nile'),
  staff: [
    { userId: OWNER.id, roles: ['ADMIN', 'DOCTOR'] },
    { userId: DOCTOR_2.id, roles: ['DOCTOR'] },
    { userId: DOCTOR_3.id, roles: ['DOCTOR'] },
    { userId: ADMIN.id, roles: ['ADMIN'] },
    { userId: RECEPTION.id, roles: ['RECEPTION'] },
    { userId: RECEPTION_2.id, roles: ['RECEPTION'] },
    { userId: ASSISTANT.id, roles: ['ASSISTANT'] },
    { userId: ACCOUNTANT.id, roles: ['ACCOUNTANT'] },
    { userId: INVENTORY.id, roles: ['INVENTORY'] },
  ],
  doctors: [
    { userId: OWNER.id, room: '١', specialty: 'باطنة' },
    { userId: DOCTOR_2.id, room: '٢', specialty: 'عظام', followUpDays: 30 },
    { userId: DOCTOR_3.id, room: '٣', specialty: 'أطفال' },
  ],
  prices: [
    ...prices(null, [300, 0, 500]),
    ...prices(OWNER.id, [400, 100, 600]),
    ...prices(DOCTOR_3.id, [350, 0, 450]),
  ],
}

/** Another clinic of the same owner: one doctor and one secretary, who works at both. */
const MAADI: DemoClinic = {
  clinicId: clinicId('02'),
  ownerId: OWNER.id,
  settings: settings('عيادة المعادي', 'maadi'),
  staff: [
    { userId: OWNER.id, roles: ['ADMIN', 'DOCTOR'] },
    { userId: RECEPTION_2.id, roles: ['RECEPTION'] },
  ],
  doctors: [{ userId: OWNER.id, room: '١', specialty: 'باطنة' }],
  prices: prices(null, [450, 150, 700]),
}

export const DEMO_CLINICS: readonly DemoClinic[] = [NILE, MAADI]

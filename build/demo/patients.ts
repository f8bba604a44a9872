import { nationalIdCheckDigit } from '../../shared/national-id.ts'
import { generateHousehold, type Household, type HouseholdMember } from './households.ts'
import type { DemoPlace } from './places.ts'
import { createRandom, createWeightedPick, type Random } from './random.ts'
import { typeHurriedly } from './spelling.ts'

/** A made-up patient as a clinic would have entered them. None of them exists. */
export interface GeneratedPatient {
  readonly name: string
  readonly sex: 'MALE' | 'FEMALE' | null
  /** YYYY-MM-DD. */
  readonly birthDate: string | null
  /** E.164; often the number of the home, shared by its members. */
  readonly phones: readonly string[]
  /** 14 digits, in agreement with birth date and sex; one in a hundred with a wrong check digit. */
  readonly nationalId: string | null
  /** The number of an old paper file. */
  readonly fileNumber: string | null
  readonly address: string | null
  readonly notes: string | null
  /** People of one home have the same. */
  readonly householdIndex: number
}

export interface PatientGeneration {
  readonly count: number
  readonly seed: number
  /** The script of names, addresses and notes. */
  readonly language?: 'ar' | 'en'
  /** ISO date on which the ages hold. */
  readonly today?: string
}

/** When none is given, so that one seed gives one data set for ever. */
export const DEMO_TODAY = '2026-11-22'

interface Desk {
  readonly random: Random
  readonly language: 'ar' | 'en'
  readonly todayMs: number
  readonly usedIds: Set<string>
  nextFileNumber: number
}

/** Exactly `count` patients, home by home; the same for the same arguments. */
export function generatePatients(generation: PatientGeneration): GeneratedPatient[] {
  const { count, seed, language = 'ar', today = DEMO_TODAY } = generation
  const desk: Desk = {
    random: createRandom(seed),
    language,
    todayMs: Date.parse(today),
    usedIds: new Set(),
    nextFileNumber: 1,
  }
  const patients: GeneratedPatient[] = []
  for (let householdIndex = 0; patients.length < count; householdIndex += 1) {
    const household = generateHousehold(desk.random)
    patients.push(...enterHousehold(household, householdIndex, desk))
  }
  return patients.slice(0, count)
}

function enterHousehold(
  { place, members }: Household,
  householdIndex: number,
  desk: Desk,
): GeneratedPatient[] {
  const { random } = desk
  const homePhone = createMobile(random)
  const landline = random.chance(0.08) ? createLandline(place, random) : null
  const address = random.chance(0.8) ? createAddress(place, desk) : null
  return members.map((member) => {
    const birthDate = createBirthDate(member.age, desk)
    const hasId = random.chance(member.age >= 16 ? 0.7 : 0.35)
    return {
      name: writeName(member, desk),
      sex: random.chance(0.97) ? member.sex : null,
      birthDate: random.chance(0.88) ? birthDate : null,
      phones: createPhones(member, homePhone, landline, random),
      nationalId: hasId ? createNationalId(birthDate, member.sex, place, desk) : null,
      fileNumber: createFileNumber(desk),
      address,
      notes: random.chance(0.04) ? random.pick(NOTES)[desk.language] : null,
      householdIndex,
    }
  })
}

const NOTES = [
  { ar: 'يفضل الاتصال بعد العصر', en: 'Call in the afternoon' },
  { ar: 'قريب الدكتور', en: 'Relative of the doctor' },
  { ar: 'يحتاج كرسي متحرك', en: 'Needs a wheelchair' },
  { ar: 'تأمين صحي', en: 'Health insurance' },
] as const

function writeName({ names }: HouseholdMember, { language, random }: Desk): string {
  // Many a receptionist stops after three names.
  const written = names.length > 3 && random.chance(0.35) ? names.slice(0, 3) : names
  if (language === 'ar') {
    const arabic = written.map((name) => name.arabic).join(' ')
    return random.chance(0.8) ? typeHurriedly(arabic, random) : arabic
  }
  const latin = written.map((name) =>
    random.chance(0.75) ? name.latin[0] : random.pick(name.latin),
  )
  return latin.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
}

const MS_PER_DAY = 86_400_000

function createBirthDate(age: number, { random, todayMs }: Desk): string {
  const daysAgo = Math.floor(age * 365.2425) + random.int(0, 364)
  return new Date(todayMs - daysAgo * MS_PER_DAY).toISOString().slice(0, 10)
}

/** Vodafone, Etisalat, Orange and WE, by about their share of lines. */
const OPERATORS = [
  { code: '10', weight: 42 },
  { code: '11', weight: 24 },
  { code: '12', weight: 24 },
  { code: '15', weight: 10 },
] as const
const pickOperator = createWeightedPick(OPERATORS)

function createMobile(random: Random): string {
  return `+20${pickOperator(random).code}${createDigits(8, random)}`
}

function createLandline({ landline: [area, length] }: DemoPlace, random: Random): string {
  return `+20${area.slice(1)}${random.int(2, 9)}${createDigits(length - 1, random)}`
}

function createPhones(
  { age }: HouseholdMember,
  homePhone: string,
  landline: string | null,
  random: Random,
): string[] {
  if (random.chance(0.05)) return []
  const mobile = age >= 18 && random.chance(0.55) ? createMobile(random) : homePhone
  return landline === null ? [mobile] : [mobile, landline]
}

function createDigits(length: number, random: Random): string {
  return String(random.int(0, 10 ** length - 1)).padStart(length, '0')
}

function createNationalId(
  birthDate: string,
  sex: 'MALE' | 'FEMALE',
  place: DemoPlace,
  { random, usedIds }: Desk,
): string {
  const century = birthDate.startsWith('19') ? '2' : '3'
  const governorate = random.chance(0.8)
    ? place.governorate
    : random.pick(['01', '21', '12', '13', '18', '24', '25', '26', '27', '88'])
  const oddity = sex === 'MALE' ? 1 : 0
  for (;;) {
    const serial = String(random.int(0, 4999) * 2 + oddity).padStart(4, '0')
    const first13 = century + birthDate.slice(2).replaceAll('-', '') + governorate + serial
    const right = nationalIdCheckDigit(first13)
    const check = random.chance(0.01) ? String((Number(right) + 1) % 10) : right
    if (usedIds.has(first13)) continue
    usedIds.add(first13)
    return first13 + check
  }
}

function createFileNumber(desk: Desk): string | null {
  const number = desk.nextFileNumber
  desk.nextFileNumber += desk.random.int(1, 2)
  return desk.random.chance(0.6) ? String(number) : null
}

function createAddress(place: DemoPlace, { random, language }: Desk): string {
  const building = random.int(1, 120)
  const street = random.pick(STREETS)
  return language === 'ar'
    ? `${building} ش ${street.ar}، ${place.arabic}`
    : `${building} ${street.en} St, ${place.latin}`
}

const STREETS = [
  { ar: 'الجمهورية', en: 'El Gomhoreya' },
  { ar: 'التحرير', en: 'El Tahrir' },
  { ar: 'أحمد عرابي', en: 'Ahmed Orabi' },
  { ar: 'سعد زغلول', en: 'Saad Zaghloul' },
  { ar: 'النصر', en: 'El Nasr' },
  { ar: 'المدرسة', en: 'El Madrasa' },
  { ar: 'الجامع', en: 'El Gamea' },
  { ar: 'بورسعيد', en: 'Port Said' },
  { ar: 'مصطفى كامل', en: 'Mostafa Kamel' },
  { ar: 'الثورة', en: 'El Thawra' },
] as const

import {
  COPTIC_FAMILY_NAMES,
  COPTIC_FEMALE_NAMES,
  COPTIC_MALE_NAMES,
  FAMILY_NAMES,
  FEMALE_NAMES,
  MALE_NAMES,
  type DemoName,
} from './names.ts'
import { PLACES, type DemoPlace } from './places.ts'
import { createWeightedPick, type Random } from './random.ts'

export interface HouseholdMember {
  readonly sex: 'MALE' | 'FEMALE'
  readonly age: number
  /** Given name, father, grandfather, and mostly a family name: how Egyptians are named. */
  readonly names: readonly DemoName[]
}

/** People of one home who are patients; children carry their father's name chain. */
export interface Household {
  readonly place: DemoPlace
  readonly members: readonly [HouseholdMember, ...HouseholdMember[]]
}

interface NamePicks {
  readonly oldMale: (random: Random) => DemoName
  readonly youngMale: (random: Random) => DemoName
  readonly oldFemale: (random: Random) => DemoName
  readonly youngFemale: (random: Random) => DemoName
  readonly family: (random: Random) => DemoName
}

/** Copts are about a tenth of the country. */
const COPTIC_SHARE = 0.1
/** `young` names belong to people below this age, `old` names to those above. */
const ERA_AGE = 35

const pickPlace = createWeightedPick(PLACES)
const MUSLIM_PICKS = createPicks(MALE_NAMES, FEMALE_NAMES, FAMILY_NAMES)
const COPTIC_PICKS = createPicks(COPTIC_MALE_NAMES, COPTIC_FEMALE_NAMES, COPTIC_FAMILY_NAMES)

function createPicks(
  male: readonly DemoName[],
  female: readonly DemoName[],
  family: readonly DemoName[],
): NamePicks {
  const of = (names: readonly DemoName[], era: 'old' | 'young') =>
    createWeightedPick(names.filter((name) => name.era === 'any' || name.era === era))
  return {
    oldMale: of(male, 'old'),
    youngMale: of(male, 'young'),
    oldFemale: of(female, 'old'),
    youngFemale: of(female, 'young'),
    family: createWeightedPick(family),
  }
}

/** Homes, in such shares that ages look like a waiting room: children, mothers, those past fifty. */
const HOMES = [
  { fatherAges: { from: 22, to: 42 }, maxChildren: 4, weight: 46 },
  { fatherAges: { from: 43, to: 62 }, maxChildren: 3, weight: 30 },
  { fatherAges: { from: 60, to: 88 }, maxChildren: 0, weight: 24 },
] as const
const pickHome = createWeightedPick(HOMES)

export function generateHousehold(random: Random): Household {
  const picks = random.chance(COPTIC_SHARE) ? COPTIC_PICKS : MUSLIM_PICKS
  const { fatherAges, maxChildren } = pickHome(random)
  const fatherAge = random.int(fatherAges.from, fatherAges.to)
  const father = createPerson(picks, 'MALE', fatherAge, random)
  const motherAge = Math.max(18, fatherAge - random.int(0, 9))
  const mother = createPerson(picks, 'FEMALE', motherAge, random)
  const children = Array.from({ length: random.int(0, maxChildren) }, () =>
    createChild(picks, father, motherAge, random),
  )
  // Not everyone at home is a patient: mothers and small children come most.
  const present = [
    ...(random.chance(0.45) ? [father] : []),
    ...(random.chance(0.65) ? [mother] : []),
    ...children.filter((child) => random.chance(child.age < 12 ? 0.6 : 0.4)),
  ]
  const [first = random.chance(0.5) ? father : mother, ...others] = present
  return { place: pickPlace(random), members: [first, ...others] }
}

function createPerson(
  picks: NamePicks,
  sex: 'MALE' | 'FEMALE',
  age: number,
  random: Random,
): HouseholdMember {
  const chain = [givenName(picks, sex, age, random), picks.oldMale(random), picks.oldMale(random)]
  const last = random.chance(0.72) ? picks.family(random) : picks.oldMale(random)
  return { sex, age, names: random.chance(0.12) ? chain : [...chain, last] }
}

function createChild(
  picks: NamePicks,
  father: HouseholdMember,
  motherAge: number,
  random: Random,
): HouseholdMember {
  const sex = random.chance(0.5) ? 'MALE' : 'FEMALE'
  // Skewed, so that the small ones are many: they are the ones who are ill.
  const age = Math.floor(random.next() ** 1.4 * Math.min(30, motherAge - 17))
  const [fatherName, grandfatherName, ...rest] = father.names
  const chain = [fatherName, grandfatherName, rest.at(-1)].filter((name) => name !== undefined)
  return { sex, age, names: [givenName(picks, sex, age, random), ...chain] }
}

function givenName(
  picks: NamePicks,
  sex: 'MALE' | 'FEMALE',
  age: number,
  random: Random,
): DemoName {
  const isOld = age >= ERA_AGE
  if (sex === 'MALE') return isOld ? picks.oldMale(random) : picks.youngMale(random)
  return isOld ? picks.oldFemale(random) : picks.youngFemale(random)
}

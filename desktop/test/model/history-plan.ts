import { createRandom, createWeightedPick, type Random } from '../../../build/demo/random.ts'
import type { Role } from '#shared/roles.ts'
import { LINE_STATES, type LineState } from '../support/bad-line.ts'

export const STATIONS = 5
/** Of the demo clinic; each has signed in at every station and has a PIN there. */
export const ACCOUNTS = [
  'reception',
  'reception2',
  'doctor',
  'doctor2',
  'assistant',
  'accountant',
  'admin',
] as const
export type Account = (typeof ACCOUNTS)[number]

export const ROLES: Readonly<Record<Account, Role>> = {
  reception: 'RECEPTION',
  reception2: 'RECEPTION',
  doctor: 'DOCTOR',
  doctor2: 'DOCTOR',
  assistant: 'ASSISTANT',
  accountant: 'ACCOUNTANT',
  admin: 'ADMIN',
}

const DAY_MINUTES = 24 * 60

const DESK = ['RECEPTION', 'ADMIN'] as const

interface Work {
  name: string
  weight: number
  roles: readonly Role[]
}

/** What people do at the line, how often, and whose work it is. */
const LINE_ACTS = [
  { name: 'checkInNew', weight: 8, roles: DESK },
  { name: 'checkInKnown', weight: 10, roles: DESK },
  { name: 'registerPatient', weight: 3, roles: DESK },
  { name: 'editPatient', weight: 10, roles: DESK },
  { name: 'call', weight: 4, roles: ['RECEPTION', 'ASSISTANT', 'DOCTOR', 'ADMIN'] },
  { name: 'callNext', weight: 5, roles: ['RECEPTION', 'ASSISTANT', 'DOCTOR', 'ADMIN'] },
  { name: 'startVisit', weight: 12, roles: ['RECEPTION', 'ASSISTANT', 'DOCTOR'] },
  { name: 'sendToDoctor', weight: 4, roles: ['ASSISTANT'] },
  { name: 'sendToAssistant', weight: 2, roles: ['DOCTOR'] },
  { name: 'returnToLine', weight: 4, roles: ['DOCTOR'] },
  { name: 'finishVisit', weight: 8, roles: ['DOCTOR'] },
  { name: 'skip', weight: 3, roles: DESK },
  { name: 'changeLine', weight: 4, roles: DESK },
  { name: 'setPriority', weight: 4, roles: DESK },
  { name: 'recall', weight: 4, roles: DESK },
  { name: 'markNoShow', weight: 6, roles: DESK },
  { name: 'cancel', weight: 7, roles: DESK },
  { name: 'takePayment', weight: 8, roles: ['RECEPTION', 'ACCOUNTANT', 'ADMIN'] },
  { name: 'refund', weight: 4, roles: ['RECEPTION', 'ACCOUNTANT', 'ADMIN'] },
  { name: 'undoLast', weight: 5, roles: ['RECEPTION', 'ASSISTANT', 'DOCTOR', 'ADMIN'] },
  { name: 'settle', weight: 8, roles: ['RECEPTION', 'DOCTOR', 'ADMIN'] },
  { name: 'mergeVisits', weight: 8, roles: DESK },
  { name: 'decideQuarantined', weight: 4, roles: ['ADMIN'] },
] as const satisfies readonly Work[]
export type LineActKind = (typeof LINE_ACTS)[number]['name']

/** And with the records, the bookings, the money and the stock. */
const RECORD_ACTS = [
  { name: 'reorder', weight: 3, roles: DESK },
  { name: 'bookAppointment', weight: 4, roles: DESK },
  { name: 'moveAppointment', weight: 2, roles: DESK },
  { name: 'cancelAppointment', weight: 2, roles: DESK },
  { name: 'markAppointmentMissed', weight: 2, roles: DESK },
  { name: 'checkInBooked', weight: 3, roles: DESK },
  { name: 'recordVitals', weight: 5, roles: ['ASSISTANT', 'DOCTOR'] },
  { name: 'writeNotes', weight: 12, roles: ['DOCTOR'] },
  { name: 'editAllergies', weight: 5, roles: ['ASSISTANT', 'DOCTOR'] },
  { name: 'draftPrescription', weight: 10, roles: ['DOCTOR'] },
  { name: 'finalizePrescription', weight: 14, roles: ['DOCTOR'] },
  { name: 'appendAddendum', weight: 5, roles: ['DOCTOR'] },
  { name: 'orderLab', weight: 4, roles: ['DOCTOR'] },
  { name: 'fileResult', weight: 7, roles: ['ASSISTANT', 'DOCTOR'] },
  { name: 'reviewResult', weight: 6, roles: ['DOCTOR'] },
  { name: 'openRecord', weight: 2, roles: ['DOCTOR'] },
  { name: 'recordConsent', weight: 2, roles: ['RECEPTION', 'DOCTOR', 'ADMIN'] },
  { name: 'waiveFee', weight: 3, roles: ['DOCTOR'] },
  { name: 'issueInvoice', weight: 12, roles: ['RECEPTION', 'ACCOUNTANT', 'ADMIN'] },
  { name: 'voidInvoice', weight: 8, roles: ['ACCOUNTANT', 'ADMIN'] },
  { name: 'countDrawer', weight: 2, roles: ['RECEPTION', 'ACCOUNTANT', 'ADMIN'] },
  { name: 'saveStockItem', weight: 4, roles: ['ADMIN'] },
  { name: 'moveStock', weight: 6, roles: ['ADMIN'] },
] as const satisfies readonly Work[]
export type RecordActKind = (typeof RECORD_ACTS)[number]['name']
export type ActKind = LineActKind | RecordActKind

const ACTS: readonly (Work & { name: ActKind })[] = [...LINE_ACTS, ...RECORD_ACTS]

/** What happens at one station, one after the other; the stations go on side by side. */
export type StationStep =
  | { kind: 'ACT'; act: ActKind; account: Account; choice: number }
  | { kind: 'LINE'; state: LineState }
  /** The process is killed this long after the act was begun, and started again on its file. */
  | { kind: 'KILL'; act: ActKind; account: Account; choice: number; afterMs: number }
  | { kind: 'RESTART' }
  | { kind: 'SKEW'; minutes: number }
  | { kind: 'OLD_REQUEST' }

/** What happens to all at once, between the rounds. */
export type WorldStep =
  | { kind: 'TIME'; minutes: number }
  | { kind: 'MEMBER'; account: Account; active: boolean }
  | { kind: 'CLINIC'; active: boolean }
  | { kind: 'SUBSCRIPTION'; ends: boolean }
  | { kind: 'KILL_SERVER'; server: number }
  /** The server takes the station no more. */
  | { kind: 'REVOKE'; station: number }
  /** An ADMIN lets those that are refused go on as new stations, if the line lets them. */
  | { kind: 'REJOIN' }
  | { kind: 'BACKUP' }
  | { kind: 'RESTORE' }
  /** An image of the station's disk. */
  | { kind: 'COPY'; station: number }
  /** The image is put back: what the station had not sent since is gone, and its numbers are given again. */
  | { kind: 'PUT_BACK'; station: number }

export interface Round {
  readonly stations: readonly (readonly StationStep[])[]
  readonly world: readonly WorldStep[]
}

export interface Plan {
  readonly seed: number
  readonly rounds: readonly Round[]
}

/** Whoever works where: mostly at their own desk, sometimes at another's. */
const HOME: readonly (readonly Account[])[] = [
  ['reception'],
  ['reception2', 'reception'],
  ['doctor'],
  ['doctor2', 'assistant', 'doctor'],
  ['admin', 'accountant'],
]

const anyAct = createWeightedPick(ACTS)
const actsOf = new Map(
  Object.values(ROLES).map((role) => [
    role,
    createWeightedPick(ACTS.filter(({ roles }) => roles.some((each) => each === role))),
  ]),
)

/** Mostly one's own work; one time in ten what one may not do, to be refused. */
function actOf(random: Random, account: Account): ActKind {
  const pick = (random.chance(0.1) ? undefined : actsOf.get(ROLES[account])) ?? anyAct
  return pick(random).name
}

/** A history: the same seed gives the same plan. What chance does between processes is not planned. */
export function planHistory(seed: number): Plan {
  const random = createRandom(seed)
  const rounds = Array.from({ length: random.int(3, 6) }, () => ({
    stations: Array.from({ length: STATIONS }, (_, station) =>
      Array.from({ length: random.int(1, 8) }, () => stationStep(random, station)),
    ),
    world: Array.from({ length: random.int(0, 2) }, () => worldStep(random)),
  }))
  // In every third a backup, work of which it knows nothing, and a restore.
  if (random.chance(0.35)) {
    const backup = random.int(0, rounds.length - 2)
    rounds[backup]?.world.push({ kind: 'BACKUP' })
    rounds[random.int(backup + 1, rounds.length - 1)]?.world.push({ kind: 'RESTORE' })
  }
  // Not both: what a server and a desk have each lost, others may wait for until an ADMIN gives it up.
  else if (random.chance(0.4)) {
    const station = random.int(0, STATIONS - 1)
    const copy = random.int(0, rounds.length - 2)
    rounds[copy]?.world.push({ kind: 'COPY', station })
    rounds[random.int(copy + 1, rounds.length - 1)]?.world.push({ kind: 'PUT_BACK', station })
  }
  return { seed, rounds }
}

function stationStep(random: Random, station: number): StationStep {
  const roll = random.next()
  const choice = random.int(0, 1_000_000)
  const account = random.pick(random.chance(0.8) ? (HOME[station] ?? ACCOUNTS) : ACCOUNTS)
  const act = actOf(random, account)
  if (roll < 0.14) return { kind: 'LINE', state: random.pick(LINE_STATES) }
  if (roll < 0.155) return { kind: 'KILL', act, account, choice, afterMs: random.int(0, 12) }
  if (roll < 0.175) return { kind: 'RESTART' }
  if (roll < 0.205) {
    return { kind: 'SKEW', minutes: random.pick([-DAY_MINUTES, -90, 0, 3, 45, DAY_MINUTES]) }
  }
  if (roll < 0.23) return { kind: 'OLD_REQUEST' }
  return { kind: 'ACT', act, account, choice }
}

function worldStep(random: Random): WorldStep {
  const roll = random.next()
  if (roll < 0.4) return { kind: 'TIME', minutes: random.pick([1, 5, 30, 240, DAY_MINUTES]) }
  if (roll < 0.55) {
    // The ADMIN stays: somebody must decide at the end.
    const account = random.pick(ACCOUNTS.slice(0, -1))
    return { kind: 'MEMBER', account, active: random.chance(0.4) }
  }
  if (roll < 0.62) return { kind: 'CLINIC', active: random.chance(0.5) }
  if (roll < 0.7) return { kind: 'SUBSCRIPTION', ends: random.chance(0.6) }
  if (roll < 0.82) return { kind: 'KILL_SERVER', server: random.int(0, 1) }
  if (roll < 0.89) return { kind: 'REVOKE', station: random.int(0, STATIONS - 1) }
  if (roll < 0.93) return { kind: 'REJOIN' }
  return { kind: 'TIME', minutes: random.pick([20, 90]) }
}

export function isRecordAct(kind: ActKind): kind is RecordActKind {
  return RECORD_ACTS.some(({ name }) => name === kind)
}

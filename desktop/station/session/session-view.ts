import { mayView, can } from '#shared/roles.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { PeopleView, SessionView } from '../contract/session-view.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import type { Replica } from '../replica/replica.ts'
import type { CurrentSession } from './current-session.ts'
import type { KnownPerson, People } from './people.ts'

export interface SessionViewDeps {
  readonly replica: Replica
  readonly session: CurrentSession
  readonly people: People
  /** This installation was started as a demo. */
  readonly demo: boolean
}

/** Of an enrolled station. */
export function viewSession({
  replica,
  session,
  people,
  hasRecovery,
}: SessionViewDeps & { readonly hasRecovery: () => boolean }): SessionView {
  if (!replica.isOpen()) return { status: 'OPENING' }
  const settings = replica.read.settings()
  const { name, timeZone, currency, digits, waitAmberMinutes, waitRedMinutes, demo } = settings
  const { courtesyEnabled } = settings
  const clinic = {
    clinicId: replica.clinicId,
    name,
    timeZone,
    currency,
    digits,
    waitAmberMinutes,
    waitRedMinutes,
    courtesyEnabled,
    demo,
  }
  const { stationName, stationId, letter } = replica
  const person = session.person()
  if (person === null) return { status: 'LOCKED', clinic, stationName }
  const { userId, roles } = person
  const subscription = replica.entitlement()
  return {
    status: 'SIGNED_IN',
    clinic,
    stationName,
    stationId,
    letter,
    queueDay: queueDayOf(replica.now(), settings),
    person: { userId, name: person.name, roles: [...roles] },
    hasPin: hasPin(people.byId(userId)),
    mayCheckIn: can(roles, 'NONE', 'CHECK_IN', settings.narrowing),
    mayImport: can(roles, 'NONE', 'IMPORT_PATIENTS', settings.narrowing),
    maySeeQueue: mayView(roles, 'QUEUE'),
    mayRecover: roles.includes('ADMIN'),
    hasRecovery: hasRecovery(),
    subscription:
      subscription === null
        ? { status: 'UNKNOWN', canWrite: false, warnDays: null, endsAt: null }
        : {
            status: subscription.status,
            canWrite: subscription.canWrite,
            warnDays: subscription.warnDays,
            endsAt: subscription.endsAt,
          },
  }
}

/** Who may sign in or unlock here: the clinic's active members. */
export function viewPeople({ replica, people, demo }: SessionViewDeps): PeopleView {
  if (!replica.isOpen()) return []
  const known = new Map(people.all().map((person) => [person.userId, person]))
  const demoPassword = demo && replica.read.settings().demo ? DEMO_PASSWORD : null
  return replica.read
    .staff()
    .filter(({ active }) => active)
    .map(({ userId, name, email, roles }) => ({
      userId,
      name,
      email,
      roles,
      hasPin: hasPin(known.get(userId) ?? null),
      knownHere: known.has(userId),
      demoPassword,
    }))
}

function hasPin(person: KnownPerson | null): boolean {
  return person !== null && person.pin !== null
}

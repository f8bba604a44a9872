import { AppError, type ErrorCode } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import { SessionResponse } from '#shared/protocol.ts'
import type { Role } from '#shared/roles.ts'
import type { ReplicaReader } from '../replica/replica.ts'
import type { StationDoor } from '../sync/station-door.ts'
import {
  afterWrongPassword,
  afterWrongPin,
  NO_ATTEMPTS,
  PIN_ATTEMPTS,
  refuseWhileLocked,
} from './attempts.ts'
import type { CurrentSession, Person } from './current-session.ts'
import { type KnownPerson, normaliseEmail, type People } from './people.ts'
import { makeVerifier, matchesVerifier } from './verifier.ts'

/** Longer, and whoever is known here signs in without the server. */
const ONLINE_WITHIN_MS = 8_000

/** Answers that say nothing about the person: whoever is known here may still come in. */
const NOT_ABOUT_THE_PERSON: readonly ErrorCode[] = [
  'OFFLINE',
  'UNAVAILABLE',
  'INTERNAL',
  'UNAUTHENTICATED',
  'STATION_REVOKED',
  'REFRESH_REUSED',
  'PROTOCOL_VERSION',
  'SUBSCRIPTION',
]

export interface StationSession extends CurrentSession {
  /**
   * @throws AppError SIGN_IN_FAILED, TOO_MANY_ATTEMPTS, MEMBER_INACTIVE, or SIGN_IN_NEEDS_INTERNET
   *   for who was never here while the server cannot be asked
   */
  signIn(email: string, password: string): Promise<void>
  /** @throws AppError SIGN_IN_FAILED, TOO_MANY_ATTEMPTS (then the password is needed), MEMBER_INACTIVE */
  unlock(userId: UserId, pin: string): Promise<void>
  /** For the person who is signed in. @throws AppError SESSION_LOCKED */
  setPin(pin: string): Promise<void>
  lock(): void
}

export interface SessionParts {
  readonly people: People
  readonly read: Pick<ReplicaReader, 'staff'>
  readonly isOpen: () => boolean
  readonly door: Pick<StationDoor, 'post'>
  /** The station's time, milliseconds. */
  readonly now: () => number
  readonly onChange: () => void
}

/** One person at a time; none after a restart. */
export function openSession(parts: SessionParts): StationSession {
  const { people, read, door, now, onChange } = parts
  let current: UserId | null = null
  // One secret is checked at a time: two guesses at once would count as one.
  let checking: Promise<unknown> = Promise.resolve()

  /** What the clinic says of them now; before its directory is here, what the server said at sign-in. */
  function memberOf(person: KnownPerson): {
    name: string
    roles: readonly Role[]
    active: boolean
  } {
    if (!parts.isOpen()) return { name: person.name, roles: person.roles, active: true }
    const member = read.staff().find(({ userId }) => userId === person.userId)
    return member ?? { name: person.name, roles: [], active: false }
  }

  function enter(person: KnownPerson): void {
    if (!memberOf(person).active) throw new AppError('MEMBER_INACTIVE')
    current = person.userId
    onChange()
  }

  function known(find: () => KnownPerson | null, code: ErrorCode): KnownPerson {
    const person = find()
    if (person === null) throw new AppError(code)
    return person
  }

  async function signInHere(email: string, password: string): Promise<void> {
    const person = known(() => people.byEmail(email), 'SIGN_IN_NEEDS_INTERNET')
    refuseWhileLocked(person, now())
    if (!(await matchesVerifier(person.password, password))) {
      people.setAttempts(person.userId, afterWrongPassword(person, now()))
      throw new AppError('SIGN_IN_FAILED')
    }
    people.setAttempts(person.userId, NO_ATTEMPTS)
    enter(person)
  }

  async function signInOnline(email: string, password: string): Promise<void> {
    const answer = await door.post({
      path: '/v1/sessions',
      body: { email, password },
      answer: SessionResponse,
      timeoutMs: ONLINE_WITHIN_MS,
    })
    const { userId, name, roles } = answer
    people.know({ userId, email, name, roles, password: await makeVerifier(password) })
    enter(known(() => people.byId(userId), 'INTERNAL'))
  }

  function oneByOne<T>(check: () => Promise<T>): Promise<T> {
    const next = checking.then(check, check)
    checking = next.catch(() => null)
    return next
  }

  function person(): Person | null {
    const here = current === null ? null : people.byId(current)
    if (here === null) return null
    const { name, roles, active } = memberOf(here)
    return active ? { userId: here.userId, name, roles } : null
  }

  return {
    person,
    require() {
      const here = person()
      if (here === null) throw new AppError('SESSION_LOCKED')
      return here
    },
    signIn: (given, password) =>
      oneByOne(async () => {
        const email = normaliseEmail(given)
        const here = people.byEmail(email)
        // A desk's own count holds online too, or its guesses would be the server's to count alone.
        if (here !== null) refuseWhileLocked(here, now())
        try {
          await signInOnline(email, password)
        } catch (error) {
          const code = error instanceof AppError ? error.code : 'INTERNAL'
          if (code === 'SIGN_IN_FAILED' && here !== null) {
            people.setAttempts(here.userId, afterWrongPassword(here, now()))
          }
          if (!NOT_ABOUT_THE_PERSON.includes(code)) throw error
          await signInHere(email, password)
        }
      }),
    unlock: (userId, pin) =>
      oneByOne(async () => {
        const here = known(() => people.byId(userId), 'SIGN_IN_FAILED')
        if (here.pin === null) throw new AppError('SIGN_IN_FAILED')
        if (here.pinFailed >= PIN_ATTEMPTS) throw new AppError('TOO_MANY_ATTEMPTS')
        if (!(await matchesVerifier(here.pin, pin))) {
          people.setAttempts(userId, afterWrongPin(here))
          throw new AppError('SIGN_IN_FAILED')
        }
        people.setAttempts(userId, { ...here, pinFailed: 0 })
        enter(here)
      }),
    async setPin(pin) {
      const here = person()
      if (here === null) throw new AppError('SESSION_LOCKED')
      people.setPin(here.userId, await makeVerifier(pin))
      onChange()
    },
    lock() {
      current = null
      onChange()
    },
  }
}

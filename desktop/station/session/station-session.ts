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
  openWaits,
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
  /**
   * For the person who is signed in, with their password.
   * @throws AppError SESSION_LOCKED, SIGN_IN_FAILED, TOO_MANY_ATTEMPTS
   */
  setPin(password: string, pin: string): Promise<void>
  /** Also ends whatever sign-in is under way: locked means locked. */
  lock(): void
}

export interface SessionParts {
  readonly people: People
  readonly read: Pick<ReplicaReader, 'staff'>
  readonly isOpen: () => boolean
  readonly door: Pick<StationDoor, 'post'>
  /** The station's time, milliseconds. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody can set. */
  readonly monotonic: () => number
  readonly onChange: () => void
}

/** One person at a time; none after a restart. */
export function openSession(parts: SessionParts): StationSession {
  const { people, read, door, now, onChange } = parts
  const waitLeft = openWaits(parts, people.all())
  let current: UserId | null = null
  /** Raised by each lock: what began before it no longer enters. */
  let epoch = 0
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

  function refuseSince(begun: number): void {
    if (begun !== epoch) throw new AppError('SESSION_LOCKED')
  }

  function enter(person: KnownPerson, begun: number): void {
    refuseSince(begun)
    if (!memberOf(person).active) throw new AppError('MEMBER_INACTIVE')
    current = person.userId
    onChange()
  }

  function known(find: () => KnownPerson | null, code: ErrorCode): KnownPerson {
    const person = find()
    if (person === null) throw new AppError(code)
    return person
  }

  function countWrong(person: KnownPerson): void {
    people.setAttempts(person.userId, afterWrongPassword(person, now()))
    const counted = people.byId(person.userId)
    // Looked at now, the wait begins now, whatever the clock is set to next.
    if (counted !== null) waitLeft(counted)
  }

  async function checkPassword(person: KnownPerson, password: string): Promise<void> {
    refuseWhileLocked(waitLeft(person))
    if (!(await matchesVerifier(person.password, password))) {
      countWrong(person)
      throw new AppError('SIGN_IN_FAILED')
    }
    people.setAttempts(person.userId, NO_ATTEMPTS)
  }

  async function signInHere(email: string, password: string, begun: number): Promise<void> {
    const person = known(() => people.byEmail(email), 'SIGN_IN_NEEDS_INTERNET')
    await checkPassword(person, password)
    enter(person, begun)
  }

  async function signInOnline(email: string, password: string, begun: number): Promise<void> {
    const answer = await door.post({
      path: '/v1/sessions',
      body: { email, password },
      answer: SessionResponse,
      timeoutMs: ONLINE_WITHIN_MS,
    })
    const { userId, name, roles } = answer
    people.know({ userId, email, name, roles, password: await makeVerifier(password) })
    enter(
      known(() => people.byId(userId), 'INTERNAL'),
      begun,
    )
  }

  /** @param check is told the epoch in which it was asked for */
  function oneByOne<T>(check: (begun: number) => Promise<T>): Promise<T> {
    const begun = epoch
    const next = checking.then(
      () => check(begun),
      () => check(begun),
    )
    checking = next.catch(() => null)
    return next
  }

  function person(): Person | null {
    const here = current === null ? null : people.byId(current)
    const member = here === null ? null : memberOf(here)
    if (here === null || member?.active !== true) {
      // Taken in again, they sign in again.
      current = null
      return null
    }
    return { userId: here.userId, name: member.name, roles: member.roles }
  }

  return {
    person,
    require() {
      const here = person()
      if (here === null) throw new AppError('SESSION_LOCKED')
      return here
    },
    signIn: (given, password) =>
      oneByOne(async (begun) => {
        const email = normaliseEmail(given)
        const here = people.byEmail(email)
        // A desk's own count holds online too, or its guesses would be the server's to count alone.
        if (here !== null) refuseWhileLocked(waitLeft(here))
        try {
          await signInOnline(email, password, begun)
        } catch (error) {
          const code = error instanceof AppError ? error.code : 'INTERNAL'
          if (code === 'SIGN_IN_FAILED' && here !== null) {
            countWrong(here)
          }
          if (!NOT_ABOUT_THE_PERSON.includes(code)) throw error
          await signInHere(email, password, begun)
        }
      }),
    unlock: (userId, pin) =>
      oneByOne(async (begun) => {
        const here = known(() => people.byId(userId), 'SIGN_IN_FAILED')
        if (here.pin === null) throw new AppError('SIGN_IN_FAILED')
        if (here.pinFailed >= PIN_ATTEMPTS) throw new AppError('TOO_MANY_ATTEMPTS')
        if (!(await matchesVerifier(here.pin, pin))) {
          people.setAttempts(userId, afterWrongPin(here))
          throw new AppError('SIGN_IN_FAILED')
        }
        people.setAttempts(userId, { ...here, pinFailed: 0 })
        enter(here, begun)
      }),
    setPin: (password, pin) =>
      oneByOne(async (begun) => {
        const here = current === null ? null : people.byId(current)
        if (here === null) throw new AppError('SESSION_LOCKED')
        await checkPassword(here, password)
        const verifier = await makeVerifier(pin)
        refuseSince(begun)
        if (person()?.userId !== here.userId) throw new AppError('SESSION_LOCKED')
        people.setPin(here.userId, verifier)
        onChange()
      }),
    lock() {
      epoch += 1
      current = null
      onChange()
    },
  }
}

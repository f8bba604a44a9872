import type Database from 'better-sqlite3'
import { z } from 'zod'
import { UserId } from '#shared/ids.ts'
import { Role } from '#shared/roles.ts'

/** A person who has signed in at this station: needs no internet from then on. */
export interface KnownPerson {
  readonly userId: UserId
  readonly email: string
  readonly name: string
  /** As the server last said; the clinic's directory goes before them once it is here. */
  readonly roles: readonly Role[]
  /** argon2id, PHC string format. */
  readonly password: string
  readonly pin: string | null
  /** Wrong passwords in a row. */
  readonly failed: number
  /** Milliseconds since the Unix epoch by the station's time; 0: not locked. */
  readonly lockedUntil: number
  readonly pinFailed: number
}

/** Verifiers and attempts, in the encrypted file: a restart forgives nothing. */
export interface People {
  all(): KnownPerson[]
  byEmail(email: string): KnownPerson | null
  byId(userId: UserId): KnownPerson | null
  /** Keeps the PIN, forgives the attempts: the server has just vouched for them. */
  know(person: Pick<KnownPerson, 'userId' | 'email' | 'name' | 'roles' | 'password'>): void
  setPin(userId: UserId, pin: string | null): void
  setAttempts(
    userId: UserId,
    attempts: Pick<KnownPerson, 'failed' | 'lockedUntil' | 'pinFailed'>,
  ): void
}

const Row = z.object({
  userId: UserId,
  email: z.string(),
  name: z.string(),
  roles: z.string().transform((text) => z.array(Role).parse(JSON.parse(text))),
  password: z.string(),
  pin: z.string().nullable(),
  failed: z.number(),
  lockedUntil: z.number(),
  pinFailed: z.number(),
})

export function openPeople(db: Database.Database): People {
  const select = <P extends unknown[]>(tail: string): Database.Statement<P> =>
    db.prepare<P>(
      `SELECT user_id AS userId, email, name, roles, password, pin, failed,
         locked_until AS lockedUntil, pin_failed AS pinFailed FROM people ${tail}`,
    )
  const selectAll = select<[]>('ORDER BY name')
  const selectByEmail = select<[string]>('WHERE email = ?')
  const selectById = select<[string]>('WHERE user_id = ?')
  const dropEmail = db.prepare<[string, string]>(
    'DELETE FROM people WHERE email = ? AND user_id <> ?',
  )
  const upsert = db.prepare<[string, string, string, string, string]>(
    `INSERT INTO people (user_id, email, name, roles, password) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, name = excluded.name,
       roles = excluded.roles, password = excluded.password, failed = 0, locked_until = 0, pin_failed = 0`,
  )
  const updatePin = db.prepare<[string | null, string]>(
    'UPDATE people SET pin = ?, pin_failed = 0 WHERE user_id = ?',
  )
  const updateAttempts = db.prepare<[number, number, number, string]>(
    'UPDATE people SET failed = ?, locked_until = ?, pin_failed = ? WHERE user_id = ?',
  )
  const one = (row: unknown): KnownPerson | null => (row === undefined ? null : Row.parse(row))
  return {
    all: () => selectAll.all().map((row) => Row.parse(row)),
    byEmail: (email) => one(selectByEmail.get(normaliseEmail(email))),
    byId: (userId) => one(selectById.get(userId)),
    know({ userId, email, name, roles, password }) {
      const address = normaliseEmail(email)
      // An address that moved to another person is theirs alone.
      dropEmail.run(address, userId)
      upsert.run(userId, address, name, JSON.stringify(roles), password)
    },
    setPin: (userId, pin) => void updatePin.run(pin, userId),
    setAttempts: (userId, { failed, lockedUntil, pinFailed }) =>
      void updateAttempts.run(failed, Math.round(lockedUntil), pinFailed, userId),
  }
}

export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase()
}

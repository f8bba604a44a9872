import type Database from 'better-sqlite3'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { ClinicId, StationId } from '#shared/ids.ts'
import { Checkpoint, PublicKey, StationContact } from '#shared/protocol.ts'
import { Stamp } from '#shared/stamp.ts'

/** The private key as a JWK (RFC 8037). It is made here and never leaves the encrypted file. */
export const PrivateKey = z.strictObject({ ...PublicKey.shape, d: z.string().max(64) })
export type PrivateKey = z.infer<typeof PrivateKey>

/** Which station of which clinic this is. */
export const Identity = z.strictObject({
  serverUrl: z.url(),
  clinicId: ClinicId,
  stationId: StationId,
  stationName: z.string(),
  letter: z.string(),
  key: PrivateKey,
  /** Pinned at enrolment: entitlements are verified against these alone. */
  entitlementKeys: z.array(PublicKey),
})
export type Identity = z.infer<typeof Identity>

/** Which station this installation was before: what it had not sent then is still signed so. */
export const FormerStation = z.strictObject({ stationId: StationId, publicKey: PublicKey })
export type FormerStation = z.infer<typeof FormerStation>

export const Damage = z.strictObject({
  /** Milliseconds. */
  at: z.number(),
  /** REPLACED: the file was set aside and made anew. LOG_CUT: the last commits were not whole. */
  kind: z.enum(['REPLACED', 'LOG_CUT']),
  /** Unsynced commands that go on. */
  kept: z.int(),
  /** Unsynced commands that only a person can enter again: they are in the inbox. */
  listed: z.int(),
  /** Whether all that was confirmed here could be read. */
  whole: z.boolean(),
})
export type Damage = z.infer<typeof Damage>

/** Everything the station remembers in one row each, and the form it must have. */
const META = {
  identity: Identity,
  refreshToken: z.string(),
  formerly: z.array(FormerStation),
  /** The last refresh tokens of those stations, the latest first: the server's own word on who they were. */
  formerTokens: z.array(z.string()),
  /** Made for a rejoining whose answer has not come yet: asked again, it is the same new station. */
  nextKey: PrivateKey,
  /** The server last tried at enrolment, offered again. */
  serverUrl: z.string(),
  checkpoint: Checkpoint,
  /** Of a new desk: what is numbered below `before` has not come yet; it began at `from`. */
  history: z.strictObject({ from: z.int(), before: z.int() }),
  /** The version of the protocol that was last spoken: an older one was not sent all there is. */
  protocol: z.number(),
  /** A new pull from the beginning is under way; what it has not named by its end is gone. */
  reseeding: z.literal(true),
  /** The JWS of the entitlement, as signed. */
  entitlement: z.string(),
  /** The latest time ever seen, milliseconds: a clock set back extends nothing. */
  latestTime: z.number(),
  /** The latest stamp given or seen. */
  lastStamp: Stamp,
  /** The last answer of the server, milliseconds by this station's time. */
  lastContact: z.number(),
  contacts: z.array(StationContact),
  /** What was damaged here and what came of it; until a person has read it. */
  damage: Damage,
  /**
   * Not all of a damaged file could be read: what was made here and the server does not name by the
   * end of the new pull is listed, whoever has read of the damage meanwhile.
   */
  isPartial: z.literal(true),
  /** When the file was last read whole and copied, milliseconds. */
  lastChecked: z.number(),
  /** Numbers given here may be unknown here: the letter changes before the next one. */
  needsLetter: z.literal(true),
} as const

export type MetaKey = keyof typeof META
export type MetaValue<K extends MetaKey> = z.infer<(typeof META)[K]>

export interface StationMeta {
  get<K extends MetaKey>(key: K): MetaValue<K> | null
  set<K extends MetaKey>(key: K, value: MetaValue<K>): void
  remove(key: MetaKey): void
}

export function openMeta(db: Database.Database): StationMeta {
  const select = db
    .prepare<[string], string>('SELECT value FROM station_meta WHERE key = ?')
    .pluck()
  const upsert = db.prepare<[string, string]>(
    `INSERT INTO station_meta (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  )
  const drop = db.prepare<[string]>('DELETE FROM station_meta WHERE key = ?')
  return {
    get<K extends MetaKey>(key: K) {
      const text = select.get(key)
      if (text === undefined) return null
      // Cast: META[key] parses MetaValue<K>; TypeScript does not follow the index
      return META[key].parse(JSON.parse(text)) as MetaValue<K>
    },
    set: (key, value) => void upsert.run(key, JSON.stringify(value)),
    remove: (key) => void drop.run(key),
  }
}

/** @throws AppError NOT_ENROLLED */
export function requireIdentity(meta: StationMeta): Identity {
  const identity = meta.get('identity')
  if (identity === null) throw new AppError('NOT_ENROLLED')
  return identity
}

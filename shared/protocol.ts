import { z } from 'zod'
import { CollectionName } from './collections.ts'
import { Role } from './roles.ts'
import { ErrorCode, ErrorDetails } from './errors.ts'
import { ClinicId, CommandId, StationId, UserId } from './ids.ts'

/**
 * The version of everything on the wire. `protocol.test.ts` hashes the schemas below: whoever
 * changes one without raising this number sees it fail.
 */
export const PROTOCOL_VERSION = 2
/**
 * The two versions before are served as well: a clinic updates when it can, not when we do. Version 1
 * knew patients, visits, payments and refunds, and is sent no other.
 */
export const OLDEST_PROTOCOL = Math.max(1, PROTOCOL_VERSION - 2)
/** Every request of a station says its version in this header; pushes and pulls in their bodies too. */
export const PROTOCOL_HEADER = 'dawr-protocol'
/** A push says here of which epoch the station's checkpoint is; without one, it has none. */
export const EPOCH_HEADER = 'dawr-epoch'

/**
 * So long a station keeps what was accepted, for a server that is set back; and so long such a server
 * waits for it. Milliseconds.
 */
export const ACCEPTED_KEPT_MS = 14 * 86_400_000

export const MAX_PUSH_COMMANDS = 200
export const MAX_PUSH_BYTES = 4 * 1024 * 1024
export const MAX_PULL_DOCUMENTS = 5_000
export const ENTITLEMENT_AUDIENCE = 'dawr-entitlement'

// --- people and stations ---------------------------------------------------------------------

export const SignInRequest = z.strictObject({
  email: z.string().trim().toLowerCase().max(200),
  password: z.string().min(1).max(200),
})
export type SignInRequest = z.infer<typeof SignInRequest>

export const Membership = z.object({
  clinicId: ClinicId,
  clinicName: z.string(),
  slug: z.string(),
  roles: z.array(Role),
})

export const SignInResponse = z.object({
  ok: z.literal(true),
  userId: UserId,
  name: z.string(),
  /** Access token of the person (EdDSA JWT, 15 minutes). */
  accessToken: z.string(),
  memberships: z.array(Membership),
})
export type SignInResponse = z.infer<typeof SignInResponse>

/** An Ed25519 public key as a JWK (RFC 8037). */
export const PublicKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().max(64),
})
export type PublicKey = z.infer<typeof PublicKey>

export const EnrolRequest = z.strictObject({
  clinicId: ClinicId,
  stationName: z.string().trim().min(1).max(80),
  publicKey: PublicKey,
})
export type EnrolRequest = z.infer<typeof EnrolRequest>

export const EnrolResponse = z.object({
  ok: z.literal(true),
  stationId: StationId,
  letter: z.string(),
  clinicId: ClinicId,
  /** Good once, bound to the station's key (DPoP, RFC 9449). */
  refreshToken: z.string(),
  /** Keys that entitlements are signed with, pinned from now on. */
  entitlementKeys: z.array(PublicKey),
})
export type EnrolResponse = z.infer<typeof EnrolResponse>

export const TokenRequest = z.strictObject({ refreshToken: z.string().max(500) })
export const TokenResponse = z.object({
  ok: z.literal(true),
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresInSeconds: z.number(),
})
export type TokenResponse = z.infer<typeof TokenResponse>

/** A person signs in at a station, online; from then on their commands may come from it. */
export const SessionResponse = z.object({
  ok: z.literal(true),
  userId: UserId,
  name: z.string(),
  roles: z.array(Role),
})
export type SessionResponse = z.infer<typeof SessionResponse>

// --- push ------------------------------------------------------------------------------------

export const SignedCommand = z.strictObject({
  /** The JSON text of a Command, exactly as signed. */
  payload: z.string().max(MAX_PUSH_BYTES),
  /** Ed25519 over the UTF-8 bytes of `payload` by the station's key, base64url. */
  signature: z.string().max(100),
})
export type SignedCommand = z.infer<typeof SignedCommand>

export const PushRequest = z.strictObject({
  protocol: z.int(),
  commands: z.array(SignedCommand).min(1).max(MAX_PUSH_COMMANDS),
})
export type PushRequest = z.infer<typeof PushRequest>

/** A document as the server has it. `doc` null: the server has none by that id. */
export const FeedDocument = z.object({
  collection: CollectionName,
  id: z.string(),
  seq: z.number(),
  doc: z.unknown(),
})
export type FeedDocument = z.infer<typeof FeedDocument>

export const Verdict = z.enum(['ACCEPTED', 'HELD', 'REJECTED'])
export type Verdict = z.infer<typeof Verdict>

export const CommandResult = z.object({
  commandId: CommandId,
  verdict: Verdict,
  /** Why held or rejected; null when accepted. */
  code: ErrorCode.nullable(),
  details: ErrorDetails,
  /** ACCEPTED: the resulting documents. REJECTED: what stands instead. HELD: none. */
  documents: z.array(FeedDocument),
})
export type CommandResult = z.infer<typeof CommandResult>

export const PushResponse = z.object({
  ok: z.literal(true),
  results: z.array(CommandResult),
  /** The server's clock, milliseconds; a station that is far ahead is told so. */
  serverTime: z.number(),
})
export type PushResponse = z.infer<typeof PushResponse>

// --- pull ------------------------------------------------------------------------------------

/** Where a station is in its clinic's feed. Opaque to the station but for `seq`, which it says as `seen`. */
export const Checkpoint = z.strictObject({
  epoch: z.string().max(64),
  clinicId: ClinicId,
  seq: z.int().min(0),
})
export type Checkpoint = z.infer<typeof Checkpoint>

/**
 * For a new desk. TODAY, without a checkpoint: what it needs to begin its day, and the checkpoint that it
 * goes on from. HISTORY: what is numbered below `before`, the latest first; `checkpoint` says where the
 * station is meanwhile, and in the answer holds the number to ask below next.
 */
export const PullPart = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('TODAY') }),
  z.strictObject({ is: z.literal('HISTORY'), before: z.int().min(0) }),
])
export type PullPart = z.infer<typeof PullPart>

export const PullRequest = z.strictObject({
  protocol: z.int(),
  /** Null: from the beginning. */
  checkpoint: Checkpoint.nullable(),
  limit: z.int().min(1).max(MAX_PULL_DOCUMENTS),
  /** Without it: what comes next in the feed. */
  part: PullPart.optional(),
  /**
   * The outbox number of the last command made before this request, or before all of the page that
   * ends at `checkpoint` stands. Whatever the station makes with a higher one has seen `checkpoint`;
   * it cannot claim otherwise (ARCHITECTURE 12).
   */
  lastCommand: z.int().min(0),
})
export type PullRequest = z.infer<typeof PullRequest>

export const StationContact = z.object({
  stationId: StationId,
  name: z.string(),
  /** The last time the server heard from it; instant, UTC ISO 8601, or null if never. */
  lastContact: z.string().nullable(),
  /** Whether its event stream is open now. */
  live: z.boolean(),
})
export type StationContact = z.infer<typeof StationContact>

export const PullResponse = z.object({
  ok: z.literal(true),
  documents: z.array(FeedDocument),
  checkpoint: Checkpoint,
  /** The clinic's last feed number now: how much is still to come. */
  head: z.number(),
  /** False: ask again at once. */
  upToDate: z.boolean(),
  serverTime: z.number(),
  /** A JWS (EdDSA) of Entitlement. */
  entitlement: z.string(),
  stations: z.array(StationContact),
})
export type PullResponse = z.infer<typeof PullResponse>

// --- stream ----------------------------------------------------------------------------------

/**
 * What was written from one feed number to the next, along with the news of it. Only a station whose
 * checkpoint is `after`, of this epoch, can use it; any other pulls.
 */
export const OfferedPage = z.object({
  epoch: z.string(),
  after: z.number(),
  documents: z.array(FeedDocument),
})
export type OfferedPage = z.infer<typeof OfferedPage>

/** Server-sent events of `GET /v1/stream`. Hints only: the checkpoint rules. */
export const StreamEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), head: z.number() }),
  z.object({ type: z.literal('changed'), head: z.number(), page: OfferedPage.optional() }),
  z.object({ type: z.literal('stations'), stations: z.array(StationContact) }),
  z.object({ type: z.literal('beat') }),
  z.object({ type: z.literal('bye'), code: ErrorCode }),
])
export type StreamEvent = z.infer<typeof StreamEvent>
export const HEARTBEAT_MS = 20_000

// --- the admin's routes ----------------------------------------------------------------------

export const StaffChange = z.strictObject({
  roles: z.array(Role).min(1).max(6).optional(),
  active: z.boolean().optional(),
})
export type StaffChange = z.infer<typeof StaffChange>

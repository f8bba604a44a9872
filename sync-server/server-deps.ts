import type { HttpBindings } from '@hono/node-server'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { ClinicId, StationId, UserId } from '#shared/ids.ts'
import type { PublicKey } from '#shared/protocol.ts'
import type { SigningKey } from './identity/signing-key.ts'
import type { Jobs } from './jobs/job-runner.ts'
import type { Metrics } from './http/metrics.ts'
import type { ServedProtocols } from './http/served-protocol.ts'

/** What every route is given; made once by `startServer()`. */
export interface ServerDeps {
  pool: pg.Pool
  /** For a connection of one's own, such as the one that listens. The serving role's. */
  databaseUrl: string
  /** What is to be done later, and by whichever instance comes to it. */
  jobs: Jobs
  signingKey: SigningKey
  /** Ids and codes only. */
  log: Logger
  metrics: Metrics
  trialDays: number
  served: ServedProtocols
  publicUrl: string | null
  /** Under it each clinic has a host of its own, SLUG.HOST; null: none has. */
  clinicHost: string | null
  trustedProxies: number
  /** Milliseconds since the Unix epoch. */
  now: () => number
  /** Aborted when the server begins to stop: end streams, begin nothing. */
  closing: AbortSignal
  /** Registers what must be closed after the last request and before the pool. */
  onClose: (close: () => Promise<void>) => void
}

/** What a station's token says; whether that still holds its row alone says. */
export interface StationClaim {
  clinicId: ClinicId
  stationId: StationId
  /** When the token ends, milliseconds: a stream may not outlive it. */
  expiresAt: number
}

export interface StationCredential extends StationClaim {
  publicKey: PublicKey
}

export interface PersonCredential {
  userId: UserId
}

/** What `requireStation()` and `requirePerson()` put into Hono's context. */
export interface ServerEnv {
  /** Of the socket that the request came by; a test's comes by none. */
  Bindings: Partial<HttpBindings>
  Variables: {
    requestId: string
    station: StationClaim
    person: PersonCredential
    /** The clinic whose address the request came to; absent: it came to none. */
    address: ClinicId
  }
}

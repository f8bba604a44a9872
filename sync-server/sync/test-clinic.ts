import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import pino from 'pino'
import type { Settings } from '#shared/clinic.ts'
import type { Command, CommandName, Write } from '#shared/commands.ts'
import { type ClinicId, makeUuidv7, type StationId, type UserId } from '#shared/ids.ts'
import {
  type Checkpoint,
  type CommandResult,
  PROTOCOL_VERSION,
  PublicKey,
  type PullPart,
  type PullRequest,
  PullResponse,
  PushResponse,
  type SignedCommand,
} from '#shared/protocol.ts'
import { rejoinText } from '#shared/rejoin.ts'
import type { Role } from '#shared/roles.ts'
import { nextStamp, nodeOfStation, type Stamp } from '#shared/stamp.ts'
import { createClinic } from '../clinics/create-clinic.ts'
import { addStation, rejoinStation } from '../clinics/stations.ts'
import { type ClinicTx, withClinic } from '../database/clinic-tx.ts'
import { startSession } from '../identity/station-session.ts'
import { parsePrivateKey } from '../config.ts'
import { importSigningKey } from '../identity/signing-key.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { NO_JOBS } from '../jobs/test-jobs.ts'
import type { StationCredential } from '../server-deps.ts'
import { createEntitlementSigner } from '../subscriptions/entitlement-token.ts'
import type { TestDatabase } from '../test/test-database.ts'
import { createBulkLane } from './bulk-lane.ts'
import { createGate } from './gate.ts'
import { createAckMemory, pullPage } from './pull.ts'
import type { FeedOffers } from './feed-offers.ts'
import { pushCommands } from './push.ts'
import type { ReadPush } from './push-body.ts'

/** Noon in Cairo, a Sunday. */
export const NOON = Date.parse('2026-11-22T10:00:00Z')
export const TODAY = '2026-11-22'
export const MINUTE = 60_000
export const DAY = 86_400_000

export function newId<T extends string>(now: number = NOON): T {
  // Cast: the caller names the brand
  return makeUuidv7(now, randomBytes(10)) as T
}

const SETTINGS: Settings = {
  kind: 'SETTINGS',
  name: 'عيادات النيل',
  slug: 'nile',
  timeZone: 'Africa/Cairo',
  currency: 'EGP',
  cutOvers: [{ from: '2020-01-01', hour: 5 }],
  digits: 'ARABIC_INDIC',
  waitAmberMinutes: 30,
  waitRedMinutes: 60,
  skipPlaces: 3,
  courtesyEnabled: true,
  refundLimit: { minor: 10_000, currency: 'EGP' },
  followUpDays: 14,
  returnToLine: 'FRONT',
  narrowing: {},
  active: true,
  demo: false,
}

const STAFF = {
  admin: ['ADMIN'],
  reception: ['RECEPTION'],
  reception2: ['RECEPTION'],
  doctor: ['DOCTOR'],
  accountant: ['ACCOUNTANT'],
} as const satisfies Record<string, readonly Role[]>
export type Person = keyof typeof STAFF

/** A clinic in a database of its own, with people, and stations that push and pull without HTTP. */
export interface TestClinic {
  /** Another one after a restore on another machine. */
  database: TestDatabase
  clinicId: ClinicId
  people: Record<Person, UserId>
  /** Milliseconds since the Unix epoch; tests move it. */
  clock: { now: number }
  settings: Settings
  /** Of the instance that takes the pushes; at first nobody listens. */
  offers: Pick<FeedOffers, 'make'>
  /** Who takes what is to be done later; at first it is dropped. */
  jobs: JobSender
  openDesk: (...people: readonly Person[]) => Promise<Desk>
  /** The same desk, once it was refused, as a new station. */
  goOnAs: (former: Desk) => Promise<Desk>
  within: <T>(run: (tx: ClinicTx) => Promise<T>) => Promise<T>
}

export async function createTestClinic(
  database: TestDatabase,
  trialDays = 14,
): Promise<TestClinic> {
  const clock = { now: NOON }
  const clinicId = newId<ClinicId>()
  const suffix = randomBytes(4).toString('hex')
  const people = {
    admin: newId<UserId>(),
    reception: newId<UserId>(),
    reception2: newId<UserId>(),
    doctor: newId<UserId>(),
    accountant: newId<UserId>(),
  }
  const settings = { ...SETTINGS, slug: `nile-${suffix}` }
  await withClinic(database.ownerPool, clinicId, async (tx) => {
    for (const [name, id] of Object.entries(people)) {
      await tx.query('INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)', [
        id,
        `${name}-${suffix}@example.org`,
        name,
        'none',
      ])
    }
    await createClinic(
      tx,
      {
        ownerId: people.admin,
        settings,
        staff: (['admin', 'reception', 'reception2', 'doctor', 'accountant'] as const).map(
          (name) => ({ userId: people[name], roles: STAFF[name] }),
        ),
        doctors: [],
        prices: [],
        trialDays,
      },
      clock.now - DAY,
    )
  })
  const { kty, crv, x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const serverKey = parsePrivateKey(JSON.stringify({ kty, crv, x, d }), 'made for this test')
  const log = pino({ level: 'silent' })
  const pullDeps = {
    now: () => clock.now,
    gate: createGate(3),
    signer: createEntitlementSigner(await importSigningKey(serverKey)),
    isLive: () => false,
    acks: createAckMemory(),
    bulk: createBulkLane(() => performance.now()),
    noteLag: () => undefined,
  }
  const clinic: TestClinic = {
    database,
    clinicId,
    people,
    clock,
    settings,
    offers: { make: () => null },
    jobs: NO_JOBS,
    within: (run) => withClinic(clinic.database.pool, clinicId, run),
    openDesk: (...signedIn) =>
      joinDesk(async (tx, publicKey) => {
        const request = { clinicId, stationName: 'Desk', publicKey }
        const station = await addStation(tx, request, people.admin, clock.now)
        for (const name of signedIn) await startSession(tx, station.stationId, people[name])
        return station
      }),
    goOnAs: (former) =>
      joinDesk((tx, publicKey) => {
        const formerId = former.stationId
        const proof = former.signText(rejoinText({ clinicId, formerId, publicKey })).signature
        const request = { clinicId, stationName: 'Desk', publicKey, formerId, proof }
        return rejoinStation(tx, request, people.admin, clock.now)
      }),
  }

  async function joinDesk(
    add: (tx: ClinicTx, publicKey: PublicKey) => ReturnType<typeof addStation>,
  ): Promise<Desk> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const jwk = PublicKey.parse(publicKey.export({ format: 'jwk' }))
    const { stationId, letter } = await clinic.within((tx) => add(tx, jwk))
    const credential = { clinicId, stationId, publicKey: jwk, expiresAt: clock.now + DAY }
    return createDesk(clinic, {
      credential,
      letter,
      privateKey,
      push: async (commands, { epoch, isSealed }) => {
        const texts = await pushCommands(
          {
            pool: clinic.database.pool,
            now: () => clock.now,
            log,
            offers: clinic.offers,
            jobs: clinic.jobs,
            foresee: () => undefined,
          },
          credential,
          { commands: [...commands], epoch, isSealed },
        )
        const text = `{"ok":true,"results":[${texts.join(',')}],"serverTime":${clock.now}}`
        return PushResponse.parse(JSON.parse(text)).results
      },
      pull: async (request) =>
        PullResponse.parse(
          JSON.parse(
            await pullPage({ ...pullDeps, pool: clinic.database.pool }, credential, request),
          ),
        ),
    })
  }
  return clinic
}

interface Line {
  credential: StationCredential
  letter: string
  privateKey: KeyObject
  push: (
    commands: readonly SignedCommand[],
    said: Pick<ReadPush, 'epoch' | 'isSealed'>,
  ) => Promise<CommandResult[]>
  pull: (request: PullRequest) => Promise<PullResponse>
}

/** A station as the server sees it: it makes and signs commands, and keeps what it pulled. */
export interface Desk {
  clinicId: ClinicId
  stationId: StationId
  credential: StationCredential
  letter: string
  /** Added to the clinic's clock: how wrong this station's is. */
  skew: number
  /** The version it speaks. */
  protocol: number
  checkpoint: Checkpoint | null
  documents: Map<string, unknown>
  make: (
    name: CommandName,
    by: Person,
    writes: (at: Author) => Write[],
    more?: Partial<Command>,
  ) => Command
  sign: (command: Command) => SignedCommand
  /** Signs a command as it is written. */
  signText: (payload: string) => SignedCommand
  /** @param isSealed the whole was signed with this station's key, too */
  send: (commands: readonly SignedCommand[], isSealed?: boolean) => Promise<CommandResult[]>
  push: (...commands: Command[]) => Promise<CommandResult[]>
  /** Pulls one page. */
  page: (limit: number) => Promise<PullResponse>
  /** Asks for a part of the feed, and keeps nothing of it. */
  part: (part: PullPart, limit?: number) => Promise<PullResponse>
  /** Pulls all there is. */
  pull: () => Promise<PullResponse>
}

export interface Author {
  at: Stamp
  by: UserId
  stationId: StationId
}

function createDesk(clinic: TestClinic, line: Line): Desk {
  const { clinicId, stationId } = line.credential
  let seq = 0
  let last: Stamp | null = null
  const desk: Desk = {
    clinicId,
    stationId,
    credential: line.credential,
    letter: line.letter,
    skew: 0,
    protocol: PROTOCOL_VERSION,
    checkpoint: null,
    documents: new Map(),
    make: (name, person, writes, more = {}) => {
      seq += 1
      last = nextStamp(last, clinic.clock.now + desk.skew, nodeOfStation(stationId))
      const author = { at: last, by: clinic.people[person], stationId }
      return {
        commandId: newId(clinic.clock.now),
        stationId,
        seq,
        name,
        by: author.by,
        at: last,
        seen: desk.checkpoint?.seq ?? 0,
        writes: writes(author),
        decision: null,
        ...more,
      }
    },
    sign: (command) => desk.signText(JSON.stringify(command)),
    signText: (payload) => {
      const signature = sign(null, Buffer.from(payload), line.privateKey).toString('base64url')
      return { payload, signature }
    },
    send: (commands, isSealed = false) =>
      line.push(commands, { epoch: desk.checkpoint?.epoch ?? null, isSealed }),
    push: (...commands) => desk.send(commands.map((command) => desk.sign(command))),
    page: async (limit) => {
      const { protocol, checkpoint } = desk
      const page = await line.pull({ protocol, checkpoint, limit, lastCommand: seq })
      for (const { collection, id, doc } of page.documents) {
        desk.documents.set(`${collection}:${id}`, doc)
      }
      desk.checkpoint = page.checkpoint
      return page
    },
    part: (part, limit = 1_000) => {
      const { protocol, checkpoint } = desk
      return line.pull({ protocol, checkpoint, limit, lastCommand: seq, part })
    },
    pull: async () => {
      for (;;) {
        const page = await desk.page(1_000)
        if (page.upToDate) return page
      }
    },
  }
  return desk
}

import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import type { CollectionName } from '#shared/collections.ts'
import type { Entitlement } from '#shared/entitlement.ts'
import { StationId } from '#shared/ids.ts'
import { ENTITLEMENT_AUDIENCE, type FeedDocument } from '#shared/protocol.ts'
import { openDatabase } from '#desktop/station/replica/open-database.ts'
import { openReplica } from '#desktop/station/replica/open-replica.ts'
import { applyPage } from '#desktop/station/replica/pulled-pages.ts'
import { openReplicaFile, PATIENT_SEARCH } from '#desktop/station/replica/replica-file.ts'
import { startClock, SYSTEM_CLOCK } from '#desktop/station/replica/station-clock.ts'
import { makeKey, privateKeyObject, publicPart } from '#desktop/station/replica/station-key.ts'
import { type Identity, openMeta } from '#desktop/station/replica/station-meta.ts'
import { prepareTables } from '#desktop/station/replica/station-tables.ts'
import { openPeople } from '#desktop/station/session/people.ts'
import { makeVerifier } from '#desktop/station/session/verifier.ts'
import { openStore } from '#desktop/station/storage/store.ts'
import { BENCH_CLINIC, BENCH_PASSWORD, clinicDocuments, DESK } from './clinic.ts'
import { makeHistory, makePatients, makeToday } from './documents.ts'
import { chunks } from './samples.ts'

/** Nothing listens there: the station is offline, as if the line were cut. */
const NOWHERE = 'http://127.0.0.1:9'
const PAGE = 5_000
const DAY = 86_400_000

export interface Size {
  readonly patients: number
  /** Visits of earlier days. */
  readonly history: number
  /** Whether today's lines are full. */
  readonly today: boolean
}

/** Everything a clinic of this size has, in the order of its feed. */
export function clinicFeed(size: Size, now: number): FeedDocument[] {
  const patients = makePatients(size.patients, now)
  const history = makeHistory(patients, size.history, now)
  const today = size.today ? makeToday(patients, now) : { visits: [], entries: [] }
  const of = (collection: CollectionName, docs: ReadonlyArray<{ id: string }>) =>
    docs.map((doc) => ({ collection, id: doc.id, doc }))
  return [
    ...of('patients', patients),
    ...of('visits', [...history.visits, ...today.visits]),
    ...of('entries', [...history.entries, ...today.entries]),
  ].map((document, index) => ({ ...document, seq: index + 1 }))
}

/**
 * An enrolled station's profile that has pulled a whole clinic, made without a server: the statement
 * of the subscription is signed by a key of our own, which is the one the profile has pinned.
 *
 * @returns the key of the file
 */
export async function makeProfile(folder: string, size: Size): Promise<Uint8Array> {
  const now = Date.now()
  const key = new Uint8Array(randomBytes(32))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'clinic.db')
  const store = openStore({ path, key, search: { patients: PATIENT_SEARCH } })
  prepareTables(store.db)
  const database = await openDatabase(store)
  const meta = openMeta(store.db)
  const { identity, entitlement } = await makeIdentity(now)
  const password = await makeVerifier(BENCH_PASSWORD)
  store.transaction(() => {
    meta.set('identity', identity)
    meta.set('refreshToken', 'never asked for: no server can be reached')
    openPeople(store.db).know({ ...DESK, password })
  })
  const { core } = openReplica({
    file: openReplicaFile(store, meta),
    database,
    identity,
    clock: startClock(SYSTEM_CLOCK),
    entitlement: null,
  })
  const clinic = clinicDocuments().map((doc) => ({
    collection: 'clinic' as const,
    id: doc.id,
    seq: 0,
    doc,
  }))
  for (const documents of chunks([...clinic, ...clinicFeed(size, now)], PAGE)) {
    const seq = documents.at(-1)?.seq ?? 0
    applyPage(core, {
      documents,
      checkpoint: { epoch: 'bench', clinicId: BENCH_CLINIC, seq },
      historyFrom: null,
      upToDate: true,
      entitlement,
      contacts: [],
    })
  }
  await database.close()
  await store.close()
  return key
}

async function makeIdentity(now: number) {
  const serverKey = makeKey()
  const stated: Entitlement = {
    clinicId: BENCH_CLINIC,
    subscription: {
      plan: 'PRO',
      kind: 'PAID',
      endsAt: new Date(now + 20 * DAY).toISOString(),
    },
    issuedAt: new Date(now).toISOString(),
  }
  const jws = await new SignJWT({ ...stated })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setAudience(ENTITLEMENT_AUDIENCE)
    .sign(privateKeyObject(serverKey))
  const identity: Identity = {
    serverUrl: NOWHERE,
    clinicId: BENCH_CLINIC,
    stationId: StationId.parse('01930000-0000-7000-8000-00000000be21'),
    stationName: 'الاستقبال',
    letter: 'A',
    key: makeKey(),
    entitlementKeys: [publicPart(serverKey)],
  }
  return { identity, entitlement: { jws, stated } }
}

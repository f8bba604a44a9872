import { calculateJwkThumbprint } from 'jose'
import pino from 'pino'
import { Writable } from 'node:stream'
import type { Patient } from '#shared/patient.ts'
import { signPersonToken, signStationToken } from '../identity/access-token.ts'
import { hashPassword } from '../identity/password.ts'
import { issueRefreshToken } from '../identity/refresh-token.ts'
import { importSigningKey, type SigningKey } from '../identity/signing-key.ts'
import { startServer } from '../server.ts'
import { createTestClinic, type Desk, type TestClinic } from '../sync/test-clinic.ts'
import { madePatient, register } from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'
import { makePrivateKey } from './test-server.ts'

export const PASSWORD = 'the password of everybody here'

/** One of two clinics that have nothing to do with each other, and what gets through its doors. */
export interface Party {
  clinic: TestClinic
  /** A desk with everybody signed in at it. */
  desk: Desk
  stationToken: string
  /** The desk's first: presented again and again, it is one whose answer was lost. */
  refreshToken: string
  /** An ADMIN's. */
  personToken: string
  patient: Patient
  /** Stands in each text of the clinic, and must stand in no answer to the other. */
  marker: string
}

export interface TwoClinics {
  database: TestDatabase
  url: string
  routes: readonly string[]
  signingKey: SigningKey
  A: Party
  B: Party
  logged: string[]
  fetch: (request: Request) => Promise<Response>
  close: () => Promise<void>
}

/** A server of two clinics whose every text says which it is of. */
export async function startTwoClinics(): Promise<TwoClinics> {
  const database = await createTestDatabase()
  const privateKey = makePrivateKey()
  const signingKey = await importSigningKey(privateKey)
  const A = await openParty(database, signingKey, 'alphaclinic')
  const B = await openParty(database, signingKey, 'bravoclinic')
  const logged: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    },
  })
  const server = await startServer(
    {
      database: { appUrl: database.appUrl, ownerUrl: database.ownerUrl },
      port: 0,
      host: '127.0.0.1',
      publicUrl: null,
      clinicHost: 'clinics.test',
      // Without a socket the address is what a proxy would say.
      trustedProxies: 1,
      dataFolder: 'none: the database and the key are given',
      trialDays: 14,
      jobs: true,
      logLevel: 'warn',
      signingKey: privateKey,
    },
    { now: () => A.clinic.clock.now, log: pino({ level: 'warn', base: null }, sink) },
  )
  return {
    database,
    url: server.url,
    routes: server.routes,
    signingKey,
    A,
    B,
    logged,
    fetch: server.fetch,
    close: async () => {
      await server.close()
      await database.drop()
    },
  }
}

async function openParty(database: TestDatabase, key: SigningKey, marker: string): Promise<Party> {
  const clinic = await createTestClinic(database)
  const desk = await clinic.openDesk('admin', 'reception', 'doctor', 'accountant')
  const known = register(desk, 'reception', { name: `${marker} patient`, note: `${marker} note` })
  await desk.push(known, register(desk, 'reception', { name: `${marker} second` }))
  await desk.pull()
  const hash = await hashPassword(PASSWORD)
  await database.ownerPool.query(
    `UPDATE users SET password_hash = $1, name = $2 || ' ' || name, email = $2 || email
     WHERE id = ANY ($3::uuid[])`,
    [hash, marker, Object.values(clinic.people)],
  )
  const { stationId, clinicId, publicKey } = desk.credential
  const thumbprint = await calculateJwkThumbprint(publicKey)
  const { now } = clinic.clock
  return {
    clinic,
    desk,
    stationToken: await signStationToken(key, { stationId, clinicId, thumbprint }, now),
    refreshToken: await clinic.within((tx) =>
      issueRefreshToken(tx, key, stationId, { generation: 0, now }),
    ),
    personToken: await signPersonToken(key, clinic.people.admin, now),
    patient: madePatient(known),
    marker,
  }
}

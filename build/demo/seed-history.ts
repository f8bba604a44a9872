// `node build/demo/seed-history.ts`, with the server's environment and after its `seed-demo.ts`: gives
// the demo clinic a year of visits and payments behind it, and a session that is going on now.
import { generateKeyPairSync } from 'node:crypto'
import type pg from 'pg'
import { priceOf } from '#desktop/station/commands/check-in.ts'
import { PublicKey } from '#shared/protocol.ts'
import { nextCutOver, queueDayOf } from '#shared/queue-day.ts'
import { DEMO_CLINICS, DEMO_USERS } from '#server/clinics/demo-data.ts'
import { addStation, revokeStation } from '#server/clinics/stations.ts'
import { readConfig } from '#server/config.ts'
import { withClinic } from '#server/database/clinic-tx.ts'
import { withDatabase } from '#server/database/open-database.ts'
import { fillFeed } from './fill-feed.ts'
import { generatePatients } from './patients.ts'
import { createRandom } from './random.ts'
import { storiesOfToday } from './today.ts'
import { documentsOf, storyOf, type VisitStory } from './visit-story.ts'
import { generateVisitHistory } from './visits.ts'

/** Beside the list that reception brings in: few enough that the stations have them in two seconds. */
const PATIENTS = 4_000
const YEARS = 1
/** Another than the list's, or the same people would come twice. */
const SEED = 2_000_003
const DAY = 86_400_000

const history = await withDatabase(readConfig(process.env), 'OWNER', (pool) =>
  seedHistory(pool, Date.now()),
)
process.stdout.write(`${JSON.stringify({ history })}\n`)

/** @returns how many visits were made: none where a station has been before */
async function seedHistory(ownerPool: pg.Pool, now: number): Promise<number> {
  const [clinic] = DEMO_CLINICS
  const desk = DEMO_USERS.find(({ email }) => email.startsWith('reception@'))
  if (clinic === undefined || desk === undefined) throw new Error('there is no demo clinic')
  const { clinicId, settings, ownerId } = clinic
  const station = await withClinic(ownerPool, clinicId, async (tx) => {
    const { rows } = await tx.query<{ given: number }>(
      'SELECT letters_given AS given FROM clinics WHERE clinic_id = $1',
      [clinicId],
    )
    if (rows[0]?.given !== 0) return null
    // Nobody has its key: it is the machine that was there before, and given up.
    const publicKey = PublicKey.parse(
      generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }),
    )
    const request = { clinicId, stationName: 'الجهاز القديم', publicKey }
    const made = await addStation(tx, request, ownerId, now)
    await revokeStation(tx, made.stationId, ownerId, now)
    return made
  })
  if (station === null) return 0

  const today = queueDayOf(now, settings)
  const doctors = clinic.doctors.map(({ userId, room }) => ({ doctorId: userId, room }))
  const prices = clinic.prices.map((price) => ({ kind: 'PRICE' as const, ...price }))
  const patients = generatePatients({ count: PATIENTS, seed: SEED, today })
  const past = generateVisitHistory({
    patients,
    seed: SEED,
    today,
    years: YEARS,
    doctorCount: doctors.length,
  }).map(storyOf)
  const random = createRandom(SEED)
  const first = random.int(0, PATIENTS / 2)
  const stories: VisitStory[] = [
    ...past,
    ...storiesOfToday({
      now,
      dayStart: nextCutOver(now, settings) - DAY,
      queueDay: today,
      doctorCount: doctors.length,
      patients: Array.from({ length: 200 }, (_, index) => first + index * 7),
      random,
      feeOf: (doctorIndex, type) =>
        priceOf({ prices, settings }, doctors[doctorIndex]?.doctorId ?? ownerId, type).minor,
    }),
  ]
  const books = { clinicId, station, desk: desk.id, doctors, currency: settings.currency }
  const made = documentsOf(books, patients, stories)
  await fillFeed(ownerPool, clinicId, [
    ...made.patients.map((doc) => ({ collection: 'patients' as const, id: doc.id, doc })),
    ...made.visits.map((doc) => ({ collection: 'visits' as const, id: doc.id, doc })),
    ...made.entries.map((doc) => ({ collection: 'entries' as const, id: doc.id, doc })),
  ])
  return made.visits.length
}

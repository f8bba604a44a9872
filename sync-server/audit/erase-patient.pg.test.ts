import { NO_JOBS } from '../jobs/test-jobs.ts'
import { spawnSync } from 'node:child_process'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Appointment } from '#shared/appointment.ts'
import type { Command } from '#shared/commands.ts'
import type { FactId } from '#shared/ids.ts'
import type { StaffChange } from '#shared/protocol.ts'
import { appointmentOf } from '#shared/test-values.ts'
import { changeStaff } from '../clinics/staff.ts'
import { createTestClinic, type Desk, MINUTE, newId, type TestClinic } from '../sync/test-clinic.ts'
import {
  checkIn,
  editPatient,
  madePatient,
  madeVisit,
  patientOf,
  pay,
  register,
} from '../sync/test-commands.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { erasePatient } from './erase-patient.ts'
import { verifyAudit } from './verify-audit.ts'

let database: TestDatabase
let superuser: pg.Client
let clinic: TestClinic
let desk: Desk
let other: Desk

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
})
afterAll(async () => {
  await superuser.end()
  await database.drop()
})
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor')
  other = await clinic.openDesk('reception')
})

/** Rows of the whole database that hold a text, by table. */
async function whereIs(text: string): Promise<string[]> {
  const { rows } = await superuser.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY c.relname`)
  const found: string[] = []
  for (const { name } of rows) {
    const { rowCount } = await superuser.query(
      `SELECT 1 FROM ${name} t WHERE t::text LIKE '%' || $1 || '%'`,
      [text],
    )
    if ((rowCount ?? 0) > 0) found.push(name)
  }
  return found
}

test('a patient who must be forgotten is found nowhere, and every station forgets them', async () => {
  const known = register(desk, 'reception', {
    name: 'Zubaida Erasable',
    phones: ['+201009998887'],
    note: 'Erasable note',
  })
  const patient = madePatient(known)
  const arrival = checkIn(desk, 'reception', { number: 1, patientId: patient.id })
  const visit = madeVisit(arrival)
  const edited = editPatient(desk, 'reception', patient, { address: 'Erasable street' })
  const left = desk.make('cancel', 'reception', (author) => {
    const made = { id: newId<never>(), status: 'CANCELED' as const, ...author, undoes: null }
    const transitions = [...visit.transitions, { ...made, reason: 'Erasable reason' }]
    return [
      {
        collection: 'visits',
        id: visit.id,
        base: visit,
        next: { ...visit, transitions, status: 'CANCELED' },
      },
    ]
  })
  // Two at once: what lost is kept beside what stands.
  const lost = editPatient(other, 'reception', patient, { address: 'Erasable road' })
  const paid = pay(desk, 'reception', visit, 100)
  const away = await clinic.openDesk('reception')
  const stays = register(desk, 'reception', { name: 'Nobody Else' })
  const answers = await desk.push(known, arrival, paid, edited, left, stays)
  expect(answers.map(({ verdict }) => verdict)).toEqual(Array(6).fill('ACCEPTED'))
  await other.push(lost)
  // Waits there with its text, until its author signs in.
  const waiting = editPatient(away, 'reception2', patient, { note: 'Erasable wait' })
  expect(await away.push(waiting)).toMatchObject([{ verdict: 'HELD' }])
  await other.pull()
  expect(JSON.stringify([...other.documents])).toContain('Erasable')
  expect(await whereIs('Erasable')).toEqual(['audit_payloads', 'commands', 'documents'])

  const act = { by: clinic.people.admin, now: clinic.clock.now, jobs: NO_JOBS }
  const erased = await clinic.within((tx) => erasePatient(tx, patient.id, act))
  expect(erased).toEqual({ documents: 2, contents: 5, refused: 1 })
  expect(await whereIs('Erasable')).toEqual([])
  expect(await whereIs('201009998887')).toEqual([])
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true, erased: 5 })

  await other.pull()
  expect(JSON.stringify([...other.documents])).not.toContain('Erasable')
  expect(other.documents.get(`patients:${patient.id}`)).toMatchObject({ name: '——', phones: [] })
  // What was done and paid stays, and so do all others.
  expect(other.documents.get(`visits:${visit.id}`)).toMatchObject({ status: 'CANCELED' })
  expect([...other.documents.keys()].filter((key) => key.startsWith('entries:'))).toHaveLength(1)
  expect(await whereIs('Nobody Else')).toEqual(['audit_payloads', 'documents'])

  // Sent again, as by a station that never heard the answer: it brings nothing back.
  const again = await desk.push(known, edited)
  expect(again).toMatchObject([
    { verdict: 'ACCEPTED', documents: [] },
    { verdict: 'ACCEPTED', documents: [] },
  ])
  // An edit that only reaches the server now, made before by a clock that runs ahead: the server keeps
  // nothing of it, and its station is told.
  expect(await away.push(waiting)).toMatchObject([{ verdict: 'REJECTED', code: 'NOT_FOUND' }])
  away.skew = MINUTE
  const late = editPatient(away, 'reception', patient, { name: 'Erasable Late' })
  expect(await away.push(late)).toMatchObject([{ verdict: 'REJECTED', code: 'NOT_FOUND' }])
  expect(await whereIs('Erasable')).toEqual([])
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
})

test('so are a booking of theirs and what the desk had written beside it', async () => {
  const known = register(desk, 'reception', { name: 'Zubaida Erasable' })
  const patient = madePatient(known)
  let booking: Appointment | undefined
  const booked = desk.make('bookAppointment', 'reception', (author) => {
    booking = appointmentOf({
      id: newId(),
      clinicId: clinic.clinicId,
      patientId: patient.id,
      note: 'Erasable note',
      created: author,
      steps: [{ id: newId(), ...author, status: 'BOOKED', visitId: null, reason: null }],
    })
    return [{ collection: 'appointments', id: booking.id, base: null, next: booking }]
  })
  const moved = (at: Desk, base: Appointment, note: string) =>
    at.make('moveAppointment', 'reception', ({ at: stamp, by }) => {
      const next = { ...base, note, marks: { note: { at: stamp, by } } }
      return [{ collection: 'appointments', id: base.id, base, next }]
    })
  const arrival = checkIn(desk, 'reception', { number: 1, patientId: patient.id })
  const visit = madeVisit(arrival)
  const placed = desk.make('reorder', 'reception', ({ at, by }) => {
    const set = { at, by }
    const marks = { orderKey: set, orderReason: set }
    const next = { ...visit, orderKey: at, orderReason: 'Erasable place', marks }
    return [{ collection: 'visits', id: visit.id, base: visit, next }]
  })
  const paid = pay(desk, 'reception', visit, 100)
  if (booking === undefined) throw new Error('nothing was booked')
  const canceled = desk.make('cancelAppointment', 'reception', (author) => {
    const base = booking ?? appointmentOf()
    const reason = 'Erasable reason'
    const made = {
      id: newId<FactId>(),
      ...author,
      status: 'CANCELED',
      visitId: null,
      reason,
    } as const
    const next = { ...base, steps: [...base.steps, made], status: 'CANCELED' as const }
    return [{ collection: 'appointments', id: base.id, base, next }]
  })
  const first = await desk.push(known, booked, arrival, placed, paid)
  await other.pull()
  const both = [
    moved(desk, booking, 'Erasable one'),
    moved(other, booking, 'Erasable two'),
  ] as const
  const then = [...(await desk.push(both[0], canceled)), ...(await other.push(both[1]))]
  expect([...first, ...then].map(({ code }) => code)).toEqual(Array(8).fill(null))
  expect(await whereIs('Erasable')).toEqual(['audit_payloads', 'documents'])

  const act = { by: clinic.people.admin, now: clinic.clock.now, jobs: NO_JOBS }
  await clinic.within((tx) => erasePatient(tx, patient.id, act))
  expect(await whereIs('Erasable')).toEqual([])
  await other.pull()
  expect(other.documents.get(`appointments:${booking.id}`)).toMatchObject({
    status: 'CANCELED',
    note: null,
    superseded: [],
  })
})

test('a list that an ADMIN let in, or did not, leaves no names beside the decision', async () => {
  const office = await clinic.openDesk('admin')
  const member = (change: StaffChange) =>
    clinic.within((tx) =>
      changeStaff(tx, {
        userId: clinic.people.doctor,
        change,
        by: clinic.people.admin,
        now: clinic.clock.now,
      }),
    )
  await member({ roles: ['DOCTOR', 'ADMIN'] })
  await desk.pull()
  await member({ active: false })
  clinic.clock.now += MINUTE
  const [taken, left] = ['Erasable Zubaida', 'Erasable Nobody'].map((name) =>
    desk.make('importPatients', 'doctor', (author) => {
      const next = patientOf(desk, author, { name })
      return [{ collection: 'patients', id: next.id, base: null, next }]
    }),
  )
  if (taken === undefined || left === undefined) throw new Error('nothing was imported')
  const held = await desk.push(taken, left)
  expect(held.map(({ code }) => code)).toEqual(['QUARANTINED', 'QUARANTINED'])
  const decide = (command: Command, accept: boolean) =>
    office.make('decideQuarantined', 'admin', () => [], {
      decision: { commandId: command.commandId, accept },
    })
  const decided = await office.push(decide(taken, true), decide(left, false))
  expect(decided.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED'])
  expect(await whereIs('Erasable Nobody')).toEqual([])
  expect(await whereIs('Erasable')).toEqual(['audit_payloads', 'documents'])
  const act = { by: clinic.people.admin, now: clinic.clock.now, jobs: NO_JOBS }
  await clinic.within((tx) => erasePatient(tx, madePatient(taken).id, act))
  expect(await whereIs('Erasable')).toEqual([])
  expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
})

test('who is not there, or is another clinic’s, cannot be erased', async () => {
  const neighbour = await createTestClinic(database)
  const theirs = await neighbour.openDesk('reception')
  const made = register(theirs, 'reception')
  await theirs.push(made)
  const act = { by: clinic.people.admin, now: clinic.clock.now, jobs: NO_JOBS }
  for (const id of [madePatient(made).id, newId<typeof made.commandId>()]) {
    await expect(
      // Cast: whoever asks may ask for anything
      clinic.within((tx) => erasePatient(tx, id as never, act)),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
})

const ROOT = new URL('../..', import.meta.url).pathname

function operate(...args: string[]): { code: number | null; said: unknown; error: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['sync-server/operate.ts', ...args],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        DATABASE_URL: database.appUrl,
        DATABASE_OWNER_URL: database.ownerUrl,
      },
    },
  )
  return { code: status, said: stdout === '' ? null : JSON.parse(stdout), error: stderr }
}

test('an operator verifies a chain, erases a patient and begins an epoch by command', async () => {
  const made = register(desk, 'reception', { name: 'By Command' })
  await desk.push(made)
  await desk.pull()
  const { slug } = clinic.settings
  expect(operate('verify-audit', slug)).toMatchObject({
    code: 0,
    said: { ok: true, erased: 0 },
  })
  const { rows } = await superuser.query<{ hash: string }>(
    `SELECT encode(audit_hash, 'hex') AS hash FROM feeds WHERE clinic_id = $1`,
    [clinic.clinicId],
  )
  // What is kept elsewhere, against a chain that somebody writes anew as a whole.
  expect(operate('verify-audit', slug)).toMatchObject({ said: { head: rows[0] } })
  const email = await superuser.query<{ email: string }>('SELECT email FROM users WHERE id = $1', [
    clinic.people.admin,
  ])
  const by = ['--by', email.rows[0]?.email ?? '']
  const erase = ['erase-patient', clinic.clinicId, madePatient(made).id]
  expect(operate(...erase, '--by', 'nobody@example.org')).toMatchObject({ code: 2 })
  expect(operate(...erase, ...by)).toMatchObject({ code: 0, said: { documents: 1 } })
  expect(await whereIs('By Command')).toEqual([])
  expect(operate('begin-epoch', slug)).toMatchObject({ code: 0, said: { clinics: 1 } })
  await expect(desk.pull()).rejects.toMatchObject({ code: 'RESEED' })
  await superuser.query(
    `UPDATE audit_entries SET name = 'x' WHERE clinic_id = $1 AND command_id = $2`,
    [clinic.clinicId, made.commandId],
  )
  expect(operate('verify-audit', slug)).toMatchObject({
    code: 1,
    said: { ok: false, reason: 'ENTRY' },
  })
  for (const wrong of [
    [],
    ['verify-audit'],
    ['verify-audit', 'nobody'],
    ['drop', slug],
    ['verify-audit', newId()],
  ]) {
    const { code, error } = operate(...wrong)
    expect([code, error]).toEqual([2, expect.stringContaining('COMMAND')])
  }
}, 120_000)

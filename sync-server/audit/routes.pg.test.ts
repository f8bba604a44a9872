import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { signPersonToken } from '../identity/access-token.ts'
import { encounterOf } from '#shared/test-values.ts'
import { changeStaff } from '../clinics/staff.ts'
import { checkIn, editPatient, entryOf, madeVisit, step } from '../sync/test-commands.ts'
import { type Party, startTwoClinics, type TwoClinics } from '../test/two-clinics.ts'

const Page = z.object({
  entries: z.array(
    z.object({ seq: z.number(), name: z.string(), content: z.unknown().optional() }),
  ),
  before: z.number().nullable(),
})

let clinics: TwoClinics
let A: Party
beforeAll(async () => {
  clinics = await startTwoClinics()
  ;({ A } = clinics)
  let { patient } = A
  for (const note of ['one', 'two', 'three', 'four']) {
    const edit = editPatient(A.desk, 'reception', patient, { note })
    patient = { ...patient, note, marks: { note: { at: edit.at, by: edit.by } } }
    await A.desk.push(edit)
  }
})
afterAll(() => clinics.close())

async function read(path: string, token = A.personToken) {
  const response = await clinics.fetch(
    new Request(`${clinics.url}/v1/clinics/${A.clinic.clinicId}/audit/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    }),
  )
  const body: unknown = await response.json()
  return { status: response.status, body }
}

test('an ADMIN reads what was done to a record, latest first, page by page, each once', async () => {
  const notes: unknown[] = []
  const seqs: number[] = []
  let before: number | null = null
  do {
    const query = before === null ? '' : `&before=${before}`
    const { body } = await read(`records/patients/${A.patient.id}?limit=2${query}`)
    const page = Page.parse(body)
    seqs.push(...page.entries.map(({ seq }) => seq))
    notes.push(...page.entries.map(({ content }) => content))
    before = page.before
  } while (before !== null)
  expect(notes).toMatchObject([
    { before: { note: 'three' }, after: { note: 'four' } },
    { after: { note: 'three' } },
    { after: { note: 'two' } },
    { before: { note: `${A.marker} note` }, after: { note: 'one' } },
    { before: null, after: { id: A.patient.id } },
  ])
  expect(seqs).toEqual(seqs.toSorted((a, b) => b - a))
})

test('and what a person did', async () => {
  const { body } = await read(`people/${A.clinic.people.reception}?limit=3`)
  const { entries, before } = Page.parse(body)
  expect(entries.map(({ name }) => name)).toEqual(['editPatient', 'editPatient', 'editPatient'])
  expect(before).toBe(entries.at(-1)?.seq)
  expect(JSON.stringify(body)).not.toContain(A.marker)
})

test('an ADMIN who is a DOCTOR too reads no record of another’s here that they have not opened', async () => {
  const { desk, clinic } = A
  const { admin } = clinic.people
  await clinic.within((tx) =>
    changeStaff(tx, {
      userId: admin,
      change: { roles: ['ADMIN', 'DOCTOR'] },
      by: admin,
      now: clinic.clock.now,
    }),
  )
  await desk.pull()
  const arrival = checkIn(desk, 'reception', { number: 1, patientId: A.patient.id })
  const started = step(desk, 'doctor', madeVisit(arrival), ['startVisit', 'WITH_DOCTOR'])
  const visit = madeVisit(started)
  const written = desk.make('writeNotes', 'doctor', (author) => {
    const head = { id: visit.id, clinicId: desk.clinicId, patientId: visit.patientId }
    const marks = { notes: { at: author.at, by: author.by } }
    const next = encounterOf({ ...head, notes: 'between two people', marks, created: author })
    return [{ collection: 'encounters', id: next.id, base: null, next }]
  })
  const open = desk.make('openRecord', 'admin', (author) => {
    const next = entryOf(desk, author, visit, { kind: 'RECORD_OPENED' })
    return [{ collection: 'entries', id: next.id, base: null, next }]
  })
  const path = `records/encounters/${visit.id}`
  const pushed = await desk.push(arrival, started, written)
  expect(pushed.map(({ verdict }) => verdict)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED'])
  const before = await read(path)
  expect(Page.parse(before.body).entries).toMatchObject([{ name: 'writeNotes' }])
  expect(JSON.stringify(before.body)).not.toContain('between two people')
  await desk.push(open)
  expect(JSON.stringify((await read(path)).body)).toContain('between two people')
})

test('a page that is none is refused, and nobody but an ADMIN reads', async () => {
  const path = `records/patients/${A.patient.id}`
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'before=0', 'before=-1', 'before=1e99']) {
    expect(await read(`${path}?${query}`)).toMatchObject({ status: 400 })
  }
  expect(await read('records/secrets/x')).toMatchObject({ status: 404 })
  const { signingKey } = clinics
  const { now } = A.clinic.clock
  const reception = await signPersonToken(signingKey, A.clinic.people.reception, now)
  expect(await read(path, reception)).toMatchObject({ status: 404 })
  expect(await read(path, clinics.B.personToken)).toMatchObject({ status: 404 })
})

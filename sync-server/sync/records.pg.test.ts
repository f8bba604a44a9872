import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { WritableCollection } from '#shared/collections.ts'
import type { Command, Write, WriteOf } from '#shared/commands.ts'
import type { Encounter } from '#shared/encounter.ts'
import { BLANK_ENCOUNTER } from '#shared/encounter.ts'
import { Entry, type EntryBody } from '#shared/entry.ts'
import type { FactId, LabResultId } from '#shared/ids.ts'
import type { Invoice } from '#shared/invoice.ts'
import type { LabResult } from '#shared/lab-result.ts'
import type { Prescription } from '#shared/prescription.ts'
import type { CommandResult } from '#shared/protocol.ts'
import type { Visit } from '#shared/visit.ts'
import { eraseFromAudit } from '../audit/erase-record.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import {
  type Author,
  createTestClinic,
  DAY,
  type Desk,
  MINUTE,
  newId,
  type Person,
  type TestClinic,
  TODAY,
} from './test-clinic.ts'
import { checkIn, entryOf, madeVisit, patientOf, pay, step } from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let room: Desk
let visit: Visit

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** A patient with the doctor, known at both stations. */
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor', 'accountant')
  room = await clinic.openDesk('doctor', 'reception')
  await desk.pull()
  const arrived = checkIn(desk, 'reception', { number: 1 })
  await desk.push(arrived)
  const waiting = madeVisit(arrived)
  const started = step(desk, 'doctor', waiting, ['startVisit', 'WITH_DOCTOR'])
  await desk.push(started)
  visit = madeVisit(started)
  await desk.pull()
  await room.pull()
})

function write<C extends WritableCollection>(
  collection: C,
  base: WriteOf<C>['base'],
  next: WriteOf<C>['next'],
): Write {
  // Cast: a write of that collection
  return { collection, id: next.id, base, next } as Write
}

function headOf(at: Desk): Pick<Prescription, 'clinicId' | 'patientId' | 'queueDay'> {
  return { clinicId: at.clinicId, patientId: visit.patientId, queueDay: TODAY }
}

function freshOf(author: Author): Pick<Encounter, 'created' | 'superseded' | 'settled'> {
  return { created: author, superseded: [], settled: [] }
}

/** Begins the visit's encounter, or writes on in the one that was pulled. */
function notesBy(
  at: Desk,
  notes: string,
  { base, queueDay = TODAY }: { base?: Encounter; queueDay?: string } = {},
): Command {
  return at.make('writeNotes', 'doctor', (author) => {
    const mark = { at: author.at, by: author.by }
    const head = { id: visit.id, ...headOf(at), queueDay }
    const begun = base ?? { ...head, ...BLANK_ENCOUNTER, ...freshOf(author) }
    const marks = { ...base?.marks, notes: mark }
    return [write('encounters', base ?? null, { ...begun, notes, marks })]
  })
}

function finalBy(at: Desk): { command: Command; final: Prescription } {
  let final: Prescription | undefined
  const command = at.make('finalizePrescription', 'doctor', (author) => {
    final = {
      id: newId(),
      ...headOf(at),
      visitId: visit.id,
      doctorId: author.by,
      status: 'FINAL',
      draftId: null,
      lines: [
        {
          drug: 'أموكسيسيلين',
          dose: null,
          form: null,
          route: null,
          frequency: 'كل ٨ ساعات',
          duration: null,
          instructions: null,
        },
      ],
      note: null,
      finals: [],
      marks: {},
      ...freshOf(author),
    }
    return [write('prescriptions', null, final)]
  })
  if (final === undefined) throw new Error('nothing was finalized')
  return { command, final }
}

function invoiceBy(at: Desk, number: number): { command: Command; invoice: Invoice } {
  let invoice: Invoice | undefined
  const total = { minor: 30_000, currency: 'EGP' as const }
  const command = at.make('issueInvoice', 'reception', (author) => {
    invoice = {
      id: newId(),
      ...headOf(at),
      visitId: visit.id,
      doctorId: visit.doctorId,
      number: { letter: at.letter, number },
      lines: [{ text: 'كشف', quantity: 1, amount: total }],
      total,
      created: author,
    }
    return [write('invoices', null, invoice)]
  })
  if (invoice === undefined) throw new Error('nothing was issued')
  return { command, invoice }
}

function entryBy(at: Desk, name: Command['name'], person: Person, body: EntryBody): Command {
  return at.make(name, person, (author) => {
    const next = entryOf(at, author, visit, body)
    return [write('entries', null, next)]
  })
}

async function finish(): Promise<void> {
  await desk.pull()
  const done = step(desk, 'doctor', visit, ['finishVisit', 'DONE'])
  await desk.push(done)
  visit = madeVisit(done)
  await desk.pull()
  await room.pull()
}

/** What a test stands on. */
async function take(...commands: Command[]): Promise<void> {
  const refused = codes(await desk.push(...commands)).find((code) => code !== 'ACCEPTED')
  if (refused !== undefined) throw new Error(`not accepted: ${refused}`)
}

function codes(results: readonly CommandResult[]): (string | null)[] {
  return results.map(({ verdict, code }) => (verdict === 'ACCEPTED' ? verdict : code))
}

test('two encounters begun apart become one, and neither text is lost', async () => {
  const [one] = await desk.push(notesBy(desk, 'سعال'))
  clinic.clock.now += MINUTE
  const [two] = await room.push(notesBy(room, 'حرارة منذ يومين'))
  expect([one?.verdict, two?.verdict]).toEqual(['ACCEPTED', 'ACCEPTED'])
  await desk.pull()
  // Cast: the server's own document
  const merged = desk.documents.get(`encounters:${visit.id}`) as Encounter
  expect(merged.notes).toBe('حرارة منذ يومين')
  expect(merged.superseded).toMatchObject([{ field: 'notes', value: 'سعال' }])
  // Written over knowingly, what stood is no conflict; the other text still is.
  await desk.push(notesBy(desk, 'حرارة وسعال', { base: merged }))
  await desk.pull()
  expect(desk.documents.get(`encounters:${visit.id}`)).toMatchObject({
    notes: 'حرارة وسعال',
    superseded: [{ value: 'سعال' }],
  })
})

test('an invoice is issued at DONE, stands alone where it was seen, and is voided by an entry', async () => {
  const early = invoiceBy(desk, 1)
  expect(codes(await desk.push(early.command))).toEqual(['FORBIDDEN'])
  await finish()
  const first = invoiceBy(desk, 2)
  const apart = invoiceBy(room, 1)
  expect(codes(await desk.push(first.command))).toEqual(['ACCEPTED'])
  // Its station had not seen the other: both were handed out, and one is to be voided.
  expect(codes(await room.push(apart.command))).toEqual(['ACCEPTED'])
  await desk.pull()
  expect(codes(await desk.push(invoiceBy(desk, 3).command))).toEqual(['INVOICE_STANDS'])
  const voids = [first, apart].map(({ invoice }) =>
    entryBy(desk, 'voidInvoice', 'accountant', {
      kind: 'INVOICE_VOID',
      invoiceId: invoice.id,
      reason: 'خطأ',
    }),
  )
  expect(codes(await desk.push(...voids))).toEqual(['ACCEPTED', 'ACCEPTED'])
  expect(codes(await desk.push(invoiceBy(desk, 4).command))).toEqual(['ACCEPTED'])
})

test('a test is ordered, filed by another station and reviewed, whichever documents it stands on', async () => {
  const head = { ...headOf(desk), visitId: visit.id, test: 'صورة دم', instructions: null }
  const ordered = desk.make('orderLab', 'doctor', (author) => {
    const grown = { status: 'ORDERED' as const, results: [], reviews: [], marks: {} }
    return [
      write('labResults', null, {
        id: newId<LabResultId>(),
        ...head,
        ...grown,
        ...freshOf(author),
      }),
    ]
  })
  await take(ordered)
  await finish()
  // Cast: the server's own document
  const base = room.documents.get(`labResults:${ordered.writes[0]?.id}`) as LabResult
  const filed = room.make('fileResult', 'doctor', (author) => {
    const results = [{ id: newId<FactId>(), ...author, text: '١٢', attachments: [] }]
    return [write('labResults', base, { ...base, results, status: 'FILED' })]
  })
  expect(codes(await room.push(filed))).toEqual(['ACCEPTED'])
  await desk.pull()
  const found = desk.documents.get(`labResults:${base.id}`) as LabResult
  const reviewed = desk.make('reviewResult', 'doctor', (author) => {
    const resultIds = found.results.map(({ id }) => id)
    const reviews = [{ id: newId<FactId>(), ...author, resultIds, note: null }]
    return [write('labResults', found, { ...found, reviews, status: 'REVIEWED' })]
  })
  expect(codes(await desk.push(reviewed))).toEqual(['ACCEPTED'])
})

test('what is of no visit belongs to the day of its clamped stamp', async () => {
  room.skew = 3 * DAY
  const body: EntryBody = { kind: 'CONSENT', scope: 'SHARED_HISTORY', given: true }
  const consent = room.make('recordConsent', 'doctor', (author) => [
    write('entries', null, {
      ...entryOf(room, author, visit, body),
      visitId: null,
      queueDay: '2026-11-25',
    }),
  ])
  expect(codes(await room.push(consent))).toEqual(['ACCEPTED'])
  await desk.pull()
  expect(desk.documents.get(`entries:${consent.writes[0]?.id}`)).toMatchObject({ queueDay: TODAY })
})

test('what a skewed station began it goes on with: both sides of a write come to the day of the visit', async () => {
  room.skew = 3 * DAY
  const begun = notesBy(room, 'سعال', { queueDay: '2026-11-25' })
  const [write] = begun.writes
  if (write?.collection !== 'encounters') throw new TypeError('notes are of an encounter')
  // From an outbox that has had no answer yet: the base is as the station itself had made it.
  const more = notesBy(room, 'سعال وحرارة', { base: write.next })
  expect(codes(await room.push(begun))).toEqual(['ACCEPTED'])
  expect(codes(await room.push(more))).toEqual(['ACCEPTED'])
  await desk.pull()
  expect(desk.documents.get(`encounters:${visit.id}`)).toMatchObject({
    queueDay: TODAY,
    notes: 'سعال وحرارة',
    superseded: [],
  })
})

test('a station of version 1 is served what it knows, and comes to the end of the feed', async () => {
  const old = await clinic.openDesk('reception')
  old.protocol = 1
  // As that version signed it: it knew of no allergies.
  const command = old.make('registerPatient', 'reception', (author) => {
    const next = patientOf(old, author)
    return [write('patients', null, next)]
  })
  const text = JSON.stringify(command).replace('"allergies":[],"conditions":[],', '')
  expect(text).not.toContain('allergies')
  const [registered] = await old.send([old.signText(text)])
  expect(registered).toMatchObject({
    verdict: 'ACCEPTED',
    documents: [{ doc: { allergies: [], conditions: [] } }],
  })
  await desk.push(notesBy(desk, 'سعال'), finalBy(desk).command)
  await desk.push(pay(desk, 'reception', visit, 100))
  await desk.push(entryBy(desk, 'openRecord', 'doctor', { kind: 'RECORD_OPENED' }))
  let page = await old.page(2)
  while (!page.upToDate) page = await old.page(2)
  expect(old.checkpoint?.seq).toBe(page.head)
  const seen = [...old.documents.keys()].map((key) => key.split(':')[0])
  expect(new Set(seen)).toEqual(new Set(['clinic', 'patients', 'visits', 'entries']))
  const kinds = [...old.documents.values()].flatMap(
    (doc) => Entry.safeParse(doc).data?.body.kind ?? [],
  )
  expect(kinds).toEqual(['PAYMENT'])
  await desk.pull()
  expect([...desk.documents.keys()].some((key) => key.startsWith('prescriptions:'))).toBe(true)
})

describe('what is final', () => {
  const ids: Record<'entries' | 'invoices' | 'prescriptions', string> = {
    entries: '',
    invoices: '',
    prescriptions: '',
  }

  beforeEach(async () => {
    const { command, final } = finalBy(desk)
    const addendum = entryBy(desk, 'appendAddendum', 'doctor', {
      kind: 'ADDENDUM',
      relation: 'CANCELS',
      prescriptionId: final.id,
      replacementId: null,
      text: 'حساسية',
    })
    await take(command, addendum)
    await finish()
    const { command: issue, invoice } = invoiceBy(desk, 1)
    await take(issue)
    ids.prescriptions = final.id
    ids.invoices = invoice.id
    ids.entries = addendum.writes[0]?.id ?? ''
  })

  async function textOf(id: string): Promise<string | undefined> {
    const { rows } = await clinic.within((tx) =>
      tx.query<{ text: string }>(
        'SELECT doc::text AS text FROM documents WHERE clinic_id = $1 AND id = $2',
        [clinic.clinicId, id],
      ),
    )
    return rows[0]?.text
  }

  test('no command changes it, whatever it says it had seen', async () => {
    await desk.pull()
    const final = desk.documents.get(`prescriptions:${ids.prescriptions}`) as Prescription
    const edits = [final, { ...final, status: 'DRAFT' as const }].map((base) =>
      desk.make('draftPrescription', 'doctor', ({ at, by }) => [
        write('prescriptions', base, { ...base, note: 'أخرى', marks: { note: { at, by } } }),
      ]),
    )
    const before = await textOf(ids.prescriptions)
    expect(codes(await desk.push(...edits))).toEqual(['FORBIDDEN', 'FORBIDDEN'])
    expect(await textOf(ids.prescriptions)).toBe(before)
  })

  const WAYS: Record<string, (partition: string) => string> = {
    update: () => `UPDATE documents SET doc = doc || '{"note": "x"}' WHERE id = $1`,
    'another collection': () => `UPDATE documents SET collection = 'patients' WHERE id = $1`,
    'a feed number': () => `UPDATE documents SET seq = seq + 1000000 WHERE id = $1`,
    'a tombstone': () => `UPDATE documents SET deleted = true WHERE id = $1`,
    upsert: () =>
      `INSERT INTO documents (clinic_id, collection, id, seq, doc)
       SELECT clinic_id, collection, id, seq + 1000000, doc FROM documents WHERE id = $1
       ON CONFLICT (clinic_id, collection, id) DO UPDATE SET seq = excluded.seq`,
    merge: () =>
      `MERGE INTO documents d USING (SELECT clinic_id, collection, id FROM documents WHERE id = $1) s
       ON d.clinic_id = s.clinic_id AND d.collection = s.collection AND d.id = s.id
       WHEN MATCHED THEN UPDATE SET deleted = true`,
    delete: () => `DELETE FROM documents WHERE id = $1`,
    'delete in the partition': (partition) => `DELETE FROM ${partition} WHERE id = $1`,
    'update in the partition': (partition) =>
      `UPDATE ${partition} SET deleted = true WHERE id = $1`,
    truncate: () => `TRUNCATE documents`,
    'truncate the partition': (partition) => `TRUNCATE ${partition}`,
  }

  test.each(Object.keys(WAYS))(
    'the database refuses %s, for its owner and superuser too',
    async (way) => {
      const superuser = new pg.Client({ connectionString: database.superuserUrl })
      await superuser.connect()
      try {
        for (const id of Object.values(ids)) {
          const before = await textOf(id)
          expect(before).toBeDefined()
          const { rows } = await superuser.query<{ partition: string }>(
            'SELECT tableoid::regclass::text AS partition FROM documents WHERE id = $1',
            [id],
          )
          const sql = WAYS[way]?.(rows[0]?.partition ?? '') ?? ''
          const values = sql.includes('$1') ? [id] : []
          await expect(superuser.query(sql, values)).rejects.toMatchObject({ code: '23001' })
          const asOwner = await withClinic(database.ownerPool, clinic.clinicId, (tx) =>
            tx.query(sql, values),
          ).catch((error: unknown) => (error instanceof pg.DatabaseError ? error.code : error))
          // In a partition, which has no policy of its own, the owner finds no row at all.
          expect(['23001', 0]).toContain(
            typeof asOwner === 'object' ? Reflect.get(asOwner ?? {}, 'rowCount') : asOwner,
          )
          expect(await textOf(id)).toBe(before)
        }
      } finally {
        await superuser.end()
      }
    },
  )

  test('its texts go only with an erasure that the chain tells of, and nothing else of it', async () => {
    const ERASED = {
      entries: `jsonb_set(doc, '{body,text}', '"——"')`,
      invoices: `jsonb_set(doc, '{lines,0,text}', '"——"')`,
    }
    for (const [collection, erased] of Object.entries(ERASED)) {
      const id = ids[collection as keyof typeof ids]
      const touch = `${collection}:${id}`
      const before = await textOf(id)
      // Told of by nothing, and of the record before it in the chain alone.
      await expect(
        clinic.within((tx) => tx.query('SELECT erase_written_once($1)', [touch])),
      ).rejects.toMatchObject({ code: '23514' })
      const other = { collection: 'patients', id: newId() } as const
      await expect(
        clinic.within(async (tx) => {
          await eraseFromAudit(tx, other, { by: clinic.people.admin, now: clinic.clock.now })
          await tx.query('SELECT erase_written_once($1)', [touch])
        }),
      ).rejects.toMatchObject({ code: '23514' })
      // Whoever says that they erase, and is not the function, does not; nor may its owner do more.
      for (const [pool, doc] of [
        [database.pool, erased],
        [database.ownerPool, `doc || '{"queueDay": "2026-01-01"}'`],
        [database.ownerPool, `${erased} || '{"queueDay": "2026-01-01"}'`],
      ] as const) {
        await expect(
          withClinic(pool, clinic.clinicId, async (tx) => {
            await tx.query(`SELECT set_config('app.erased', $1, true)`, [touch])
            await tx.query(`UPDATE documents SET doc = ${doc} WHERE clinic_id = $1 AND id = $2`, [
              tx.clinicId,
              id,
            ])
          }),
        ).rejects.toMatchObject({ code: '23001' })
      }
      expect(await textOf(id)).toBe(before)
      await clinic.within(async (tx) => {
        const act = { by: clinic.people.admin, now: clinic.clock.now }
        await eraseFromAudit(tx, { collection: collection as 'entries', id }, act)
        await tx.query('SELECT erase_written_once($1)', [touch])
      })
      const after = await textOf(id)
      expect(after).toContain('——')
      // Ids, amounts, numbers, authors and stamps are as they were.
      const words = (text: string | undefined) => JSON.parse(text ?? '') as Record<string, unknown>
      const part = collection === 'entries' ? 'body' : 'lines'
      expect({ ...words(after), [part]: null }).toEqual({ ...words(before), [part]: null })
    }
  })
})

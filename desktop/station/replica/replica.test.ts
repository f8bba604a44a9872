import { verify } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AppError } from '#shared/errors.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { encounterOf, idOf, stampAt, START } from '#shared/test-values.ts'
import { formatStamp, stampTime } from '#shared/stamp.ts'
import { patientSearchQueries } from '#shared/patient-search.ts'
import { applyPage } from './pulled-pages.ts'
import { applyResults } from './push-answers.ts'
import type { Touched } from './replica.ts'
import { beginReseed } from './reseed.ts'
import { publicKeyObject, publicPart } from './station-key.ts'
import {
  ADMIN,
  CLINIC,
  CLINIC_DOCUMENTS,
  DESK,
  DOCTOR,
  draftCall,
  draftCheckIn,
  draftName,
  draftPatient,
  feed,
  fillClinic,
  openTestReplica,
  page,
  staffDoc,
  temporaryFolder,
  TEST_KEY,
  testClock,
  type TestReplica,
} from './test-replica.ts'

let opened: TestReplica
let place: { folder: string; remove: () => void }

beforeEach(async () => {
  place = temporaryFolder()
  opened = await openTestReplica({ folder: place.folder })
  fillClinic(opened.core)
})
afterEach(async () => {
  await opened.close()
  place.remove()
})

async function reopen(): Promise<void> {
  const { clock } = opened
  await opened.close()
  opened = await openTestReplica({ folder: place.folder, clock })
}

function answer(changes: Partial<CommandResult>): CommandResult {
  const [row] = opened.replica.outbox()
  if (row === undefined) throw new Error('nothing in the outbox')
  return {
    commandId: row.command.commandId,
    verdict: 'ACCEPTED',
    code: null,
    details: {},
    documents: [],
    ...changes,
  }
}

describe('commit', () => {
  test('stores documents, outbox row, numbers and stamp, and they are there after a restart', async () => {
    const { replica } = opened
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    await reopen()
    const { read, outbox } = opened.replica
    expect(read.visit(made.visitId)?.ticket).toEqual({ letter: 'A', number: 1 })
    expect(read.patient(made.patientId)?.name).toBe('أحمد علي')
    expect(read.entriesOfVisit(made.visitId)).toHaveLength(1)
    expect(outbox()).toMatchObject([
      { seq: 1, state: 'QUEUED', command: { name: 'checkIn', by: DESK, seen: 1 } },
    ])
    expect(opened.replica.countPatients()).toBe(1)
    const next = opened.replica.commit(DESK, (tx) => draftCheckIn(tx, 'منى حسن'))
    expect(next.number).toBe(2)
    expect(opened.replica.outbox().map(({ seq }) => seq)).toEqual([1, 2])
  })

  test('signs exactly the text that it will send', () => {
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    const [row] = opened.core.file.outbox.next({
      commands: 10,
      bytes: 1_000_000,
      afterSeq: 0,
      includeHeld: false,
    })
    const key = publicKeyObject(publicPart(TEST_KEY))
    expect(
      verify(
        null,
        Buffer.from(row?.payload ?? ''),
        key,
        Buffer.from(row?.signature ?? '', 'base64url'),
      ),
    ).toBe(true)
  })

  test('refuses what the judge refuses, and then nothing was stored and no number taken', () => {
    const { replica } = opened
    const heard: Touched[] = []
    replica.onCommitted((touched) => heard.push(touched))
    expect(() => replica.commit(DOCTOR, (tx) => draftCheckIn(tx, 'أحمد علي'))).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    )
    expect(() =>
      replica.commit(DESK, (tx) => {
        draftCheckIn(tx, 'أحمد علي')
        throw new AppError('LINE_EMPTY')
      }),
    ).toThrow(expect.objectContaining({ code: 'LINE_EMPTY' }))
    expect(replica.outbox()).toEqual([])
    expect(heard).toEqual([])
    expect(replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي')).number).toBe(1)
    expect(heard).toEqual([
      { collections: new Set(['patients', 'visits', 'entries']), outbox: true },
    ])
  })

  test('refuses new work when the subscription does not allow it, by the latest time ever seen', async () => {
    const { replica, clock } = opened
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    clock.set(START + 40 * 86_400_000)
    expect(() => replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))).toThrow(
      expect.objectContaining({ code: 'SUBSCRIPTION' }),
    )
    // What is open may always be finished; that also writes down how late it was.
    replica.commit(DESK, (tx) => draftCall(tx, made.visitId))
    clock.set(START + 60_000)
    await reopen()
    expect(() => opened.replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))).toThrow(
      expect.objectContaining({ code: 'SUBSCRIPTION' }),
    )
  })

  test('a clock set back never gives an earlier stamp, also after a restart', async () => {
    const stampOf = (): string => opened.replica.outbox().at(-1)?.command.at ?? ''
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    const first = stampOf()
    opened.clock.set(START - 3_600_000)
    await reopen()
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
    expect(stampOf() > first).toBe(true)
  })

  test('comes after every stamp it has seen', () => {
    const late = formatStamp(START + 90_000, 3, 'ffffffff')
    const made = opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    const patient = opened.replica.read.patient(made)
    applyPage(
      opened.core,
      page([
        feed(
          'patients',
          {
            ...patient,
            id: made,
            marks: { note: { at: late, by: ADMIN } },
          } as never,
          2,
        ),
      ]),
    )
    opened.replica.commit(DESK, (tx) => draftPatient(tx, 'منى حسن'))
    const at = opened.replica.outbox().at(-1)?.command.at
    expect(at !== undefined && at > late && stampTime(at) === START + 90_000).toBe(true)
  })

  test('finds patients by name, phone and duplicate key at once', () => {
    const { replica } = opened
    const id = replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد عبد الرحمن'))
    expect(replica.searchPatients(patientSearchQueries('احمد'), 10)).toEqual([id])
    expect(replica.searchPatients(patientSearchQueries('4567'), 10)).toEqual([id])
    const namesakes = () => replica.read.namesakes('احمد عبدالرحمن', '01001234567')
    expect(namesakes()).toEqual([id])
    replica.commit(DESK, (tx) => draftName(tx, id, 'سعاد محمود'))
    expect(namesakes()).toEqual([])
    expect(replica.searchPatients(patientSearchQueries('احمد'), 10)).toEqual([])
  })

  test('tells namesakes by the phone, and by the whole name alone of who has none', () => {
    const { replica, core } = opened
    const first = replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد أحمد علي ٢'))
    const known = replica.read.patient(first)
    const put = (id: number, changes: object): void =>
      applyPage(core, page([feed('patients', { ...known, id: idOf(id), ...changes }, id)]))
    put(801, { name: 'احمد احمد', phones: [] })
    put(802, { name: 'احمد احمد حسن', phones: ['+201001234567', '+201112223334'] })
    const find = replica.read.namesakes
    expect(find('احمد احمد', '01001234567')).toEqual([first, idOf(802)].toSorted())
    expect(find('احمد احمد', '01112223334')).toEqual([idOf(802)])
    expect(find('احمد علي', '01001234567')).toEqual([])
    expect(find('أحمد أحمد', null)).toEqual([idOf(801)])
    expect(find('احمد', null)).toEqual([])
  })

  test('reaches live queries of RxDB', async () => {
    const { replica } = opened
    const query = replica.database.visits.find({ selector: { queueDay: '2026-11-22' } })
    expect(await query.exec()).toEqual([])
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    expect((await query.exec()).map(({ id }) => id)).toEqual([made.visitId])
  })
})

describe('answers', () => {
  test('ACCEPTED: the document of the server stands, with what is still pending on top', () => {
    const { replica, core } = opened
    const id = replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
    replica.commit(DESK, (tx) => draftName(tx, id, 'أحمد علي حسن'))
    const [first] = replica.outbox()
    const master = { ...first?.command.writes[0]?.next, note: 'من الخادم' }
    applyResults(core, [answer({ documents: [feed('patients', master as never, 5)] })])
    expect(replica.read.patient(id)).toMatchObject({ name: 'أحمد علي حسن', note: 'من الخادم' })
    expect(replica.pending('patients', id)).toBe('QUEUED')
    expect(replica.outbox()).toHaveLength(1)
    applyResults(core, [
      answer({
        documents: [feed('patients', { ...replica.read.patient(id) } as never, 6)],
      }),
    ])
    expect(replica.pending('patients', id)).toBe('NONE')
  })

  test('REJECTED: what stands comes back, what was entered is kept until it is dismissed', () => {
    const { replica, core } = opened
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    const rejected = answer({ verdict: 'REJECTED', code: 'FORBIDDEN' })
    applyResults(core, [rejected])
    expect(replica.read.visit(made.visitId)).toBeNull()
    expect(replica.read.patient(made.patientId)).toBeNull()
    expect(replica.countPatients()).toBe(0)
    expect(replica.outbox()).toEqual([])
    expect(replica.rejected()).toMatchObject([
      {
        code: 'FORBIDDEN',
        command: { name: 'checkIn', writes: [{ next: { name: 'أحمد علي' } }, {}, {}] },
      },
    ])
    expect(replica.dismissRejected(rejected.commandId)).toBe(true)
    expect(replica.rejected()).toEqual([])
  })

  test('HELD: stays visible and marked', () => {
    const { replica, core } = opened
    const made = replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    replica.commit(DESK, (tx) => draftCall(tx, made.visitId))
    applyResults(core, [answer({ verdict: 'HELD', code: 'SUBSCRIPTION' })])
    expect(replica.pending('visits', made.visitId)).toBe('HELD')
    expect(replica.pending('patients', made.patientId)).toBe('HELD')
    expect(replica.read.visit(made.visitId)?.calls).toHaveLength(1)
    expect(replica.countOutbox()).toMatchObject({ queued: 1, held: 1 })
    const bounds = { commands: 10, bytes: 1_000_000, afterSeq: 0 }
    expect(core.file.outbox.next({ ...bounds, includeHeld: false })).toHaveLength(1)
    expect(core.file.outbox.next({ ...bounds, includeHeld: true })).toHaveLength(2)
  })

  test('a document of another clinic is refused, and the page with it', () => {
    const { core, replica } = opened
    const foreign = { id: 'settings', clinicId: '018f0000-0000-7000-8000-000000000000' }
    const bad = page([feed('clinic', staffDoc(DESK, ['DOCTOR']), 7), feed('clinic', foreign, 8)])
    expect(() => applyPage(core, bad)).toThrow(TypeError)
    expect(replica.read.staff().find(({ userId }) => userId === DESK)?.roles).toEqual(['RECEPTION'])
    expect(core.file.meta.get('checkpoint')?.seq).toBe(1)
  })

  test("a number on a document with this station's letter counts as given", () => {
    const { replica, core } = opened
    replica.commit(DESK, (tx) => draftCheckIn(tx, 'أحمد علي'))
    const [row] = replica.outbox()
    const visit = row?.command.writes.find(({ collection }) => collection === 'visits')?.next
    const later = {
      ...visit,
      id: CLINIC_DOCUMENTS[1]?.clinicId ?? '',
      ticket: { letter: 'A', number: 41 },
    }
    applyPage(core, page([feed('visits', later, 9)]))
    expect(replica.commit(DESK, (tx) => draftCheckIn(tx, 'منى حسن')).number).toBe(42)
  })
})

describe('reseed', () => {
  test('keeps the outbox and what it made, drops what the clinic no longer has', async () => {
    const { replica, core } = opened
    const mine = replica.commit(DESK, (tx) => draftPatient(tx, 'جديد'))
    const gone = idOf(70)
    const theirs = { ...replica.read.patient(mine), id: gone }
    applyPage(core, page([feed('patients', theirs, 2)]))
    beginReseed(core)
    expect(replica.read.patient(gone)).not.toBeNull()
    const clinic = CLINIC_DOCUMENTS.map((doc) => feed('clinic', doc, 1))
    applyPage(core, page(clinic.slice(0, 2), { upToDate: false }))
    await reopen()
    applyPage(opened.core, page(clinic.slice(2), { upToDate: true }))
    expect(opened.replica.read.patient(gone)).toBeNull()
    expect(opened.replica.read.patient(mine)?.name).toBe('جديد')
    expect(opened.replica.read.staff()).toHaveLength(3)
    expect(opened.replica.outbox()).toHaveLength(1)
    expect(opened.core.file.meta.get('reseeding')).toBeNull()
  })
})

test('the clock of the server counts while ours is far off', () => {
  const { core, clock } = opened
  core.clock.heard(START - 86_400_000, clock.monotonic())
  expect(core.clock.now()).toBe(START - 86_400_000)
  expect(core.clock.aheadBy()).toBe(86_400_000)
  core.clock.heard(START - 1_000, testClock().monotonic())
  expect(core.clock.now()).toBe(START)
})

test('only what the server will say again may return before the disk has it', () => {
  const { core } = opened
  const waits = (): unknown => core.file.db.pragma('synchronous', { simple: true })
  const [NORMAL, FULL] = [1, 2]
  expect(waits()).toBe(FULL)
  core.file.repeatableTransaction(() => expect(waits()).toBe(NORMAL))
  expect(() =>
    core.file.repeatableTransaction(() => {
      throw new Error('spoilt')
    }),
  ).toThrow('spoilt')
  expect(waits()).toBe(FULL)
})

test('a file of version 1 is brought forward: it opens, pulls anew, and its patients can be edited', async () => {
  const { db } = opened.core.file
  const patientId = opened.replica.commit(DESK, (tx) => draftPatient(tx, 'أحمد علي'))
  // As that version left it: no allergies, and schemas that RxDB knows by another hash.
  db.exec(`
    UPDATE "dawr/patients/0" SET json = json_remove(json, '$.allergies', '$.conditions');
    DROP TABLE contested;
    DROP TABLE given_anew;
    PRAGMA user_version = 2;`)
  const rehashed = db
    .prepare(
      `UPDATE "dawr/_rxdb_internal/0" SET json = json_set(json, '$.data.schemaHash', 'old')
       WHERE id LIKE 'collection|patients-%'`,
    )
    .run()
  expect(rehashed.changes).toBe(1)
  await reopen()
  const { replica, core } = opened
  expect(core.file.meta.get('checkpoint')).toBeNull()
  expect(core.file.meta.get('reseeding')).toBe(true)
  expect(replica.read.patient(patientId)).toMatchObject({ allergies: [], conditions: [] })
  replica.commit(DESK, (tx) => draftName(tx, patientId, 'أحمد عليّ'))
  expect(replica.read.patient(patientId)?.name).toBe('أحمد عليّ')
  expect(replica.outbox()).toHaveLength(2)
})

test('a record with a value that lost is known for as long as nobody has dealt with it, in files of before too', async () => {
  const encounter = encounterOf({ clinicId: CLINIC, id: idOf(77) })
  const lost = { id: `notes:${stampAt(5)}`, field: 'notes', value: 'ب', by: DOCTOR, at: stampAt(5) }
  const receive = (changes: Partial<typeof encounter>, seq: number): void =>
    applyPage(opened.core, page([feed('encounters', { ...encounter, ...changes }, seq)]))
  const contested = (): string[] => opened.replica.contested('encounters')
  receive({}, 20)
  expect(contested()).toEqual([])
  receive({ notes: 'أ', superseded: [lost] }, 21)
  expect(contested()).toEqual([encounter.id])
  opened.core.file.db.exec('DROP TABLE contested; DROP TABLE given_anew; PRAGMA user_version = 4;')
  await reopen()
  expect(contested()).toEqual([encounter.id])
  receive({ notes: 'أ', superseded: [lost], settled: [lost.id] }, 22)
  expect(contested()).toEqual([])
  receive({ notes: 'أ', superseded: [lost] }, 23)
  applyPage(opened.core, page([{ collection: 'encounters', id: encounter.id, seq: 24, doc: null }]))
  expect(contested()).toEqual([])
})

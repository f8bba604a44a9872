import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { DOCTOR } from '../replica/test-replica.ts'
import {
  ACCOUNTANT,
  checkIn,
  draftOf,
  openTestStation,
  type TestStation,
} from '../views/test-station.ts'

/** All rows are meant, or there are never many. */
const MAY_BE_WALKED = [
  // What the server has not answered yet, or has refused and nobody has read.
  'accepted',
  'outbox',
  'rejected',
  // Numbers that the server gave anew, for some days.
  'given_anew',
  // Settings, staff and prices.
  'dawr/clinic/0',
  // One of a kind and day, a handful.
  'counters',
  // The newest by their keys, as many as are shown; RxDB's query asks for all patients.
  'dawr/patients/0 USING INDEX sqlite_autoindex_dawr/patients/0_1',
  // A list of ids that was passed in, the hits of a search, and a function of no table.
  'CONSTANT ROW',
  // Which tables there are, asked once at the opening.
  'sqlite_master',
  'store_collections',
  'dawr/patients/0#search VIRTUAL TABLE INDEX 0:M0',
  'found',
  'json_each VIRTUAL TABLE INDEX 1:',
]

test('every query of the app finds its rows by an index', async () => {
  const prepare = vi.spyOn(Database.prototype, 'prepare')
  onTestFinished(() => prepare.mockRestore())
  const station = await openTestStation()
  await workAtTheDesk(station)
  const texts = new Set(prepare.mock.calls.map(([sql]) => sql))
  prepare.mockRestore()
  const queries = [...texts].filter((sql) => /^\s*(?:SELECT|UPDATE|DELETE|INSERT)/.test(sql))
  const { db } = station.core.file
  const walked = queries.flatMap((sql) =>
    explain(db, sql).flatMap((step) => /^SCAN (.*)/.exec(step)?.[1] ?? []),
  )
  expect(walked.filter((table) => !MAY_BE_WALKED.includes(table))).toEqual([])
  // The spy has seen them: those of the views, which RxDB asks for, and the station's own.
  const named = (field: string): number =>
    queries.filter((sql) => sql.includes(`".${field}" = ?`)).length
  expect(['queueDay', 'patientId', 'visitId'].map(named).every((count) => count > 0)).toBe(true)
})

/** sqlite.org/eqp.html */
function explain(db: Database.Database, sql: string): string[] {
  const places = sql.replaceAll(/'[^']*'|"[^"]*"/g, '').split('?').length - 1
  return db
    .prepare<null[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...Array.from({ length: places }, () => null))
    .map(({ detail }) => detail)
}

/** So much that every view and the ways into the file were asked. */
async function workAtTheDesk(station: TestStation): Promise<void> {
  const { act, views } = station
  await act.registerPatient({
    draft: draftOf('أحمد محمود', { phones: ['01012345678'], fileNumber: 'A-1' }),
  })
  const { patientId, visitId } = await checkIn(station)
  for (const text of ['', 'أحمد', '0101', 'A-1']) await views.search({ text, limit: 10 }).compute()
  await views.board({}).compute()
  await views.patient({ patientId }).compute()
  await views.proposal({ patientId, doctorId: null }).compute()
  await views.inbox({}).compute()
  station.sit(DOCTOR)
  await act.startVisit({ visitId, to: 'WITH_DOCTOR' })
  await views.board({}).compute()
  await act.writeNotes({ visitId, notes: 'سليم' })
  await views.record({ visitId }).compute()
  await act.finishVisit({ visitId })
  station.sit(ACCOUNTANT)
  const amount = { minor: 30_000, currency: 'EGP' as const }
  await act.issueInvoice({ visitId, lines: [{ text: 'كشف', quantity: 1, amount }] })
  station.core.file.rows.after('visits', '', 10)
}

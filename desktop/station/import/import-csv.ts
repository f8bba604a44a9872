import { setImmediate } from 'node:timers/promises'
import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import { PatientDraft } from '#shared/patient.ts'
import { type CsvContext, mapPatientRows } from '#shared/patient-csv.ts'
import { wallClock } from '#shared/queue-day.ts'
import { can, type Role } from '#shared/roles.ts'
import { phoneCountryOf } from '../commands/patient-draft.ts'
import type { ActionInput, ActionOutput } from '../contract/actions.ts'
import type { Replica } from '../replica/replica.ts'
import type { ClinicDeps } from '../views/view.ts'
import { type CsvRow, type CsvTable, readCsvTable } from './csv-table.ts'
import { importPatients } from './import-batch.ts'
import { type ImportProgress, progressOf, startProgress } from './import-progress.ts'

/** Rows to a command: one short transaction, so that the queue goes on beside a long list. */
const BATCH = 50
const REMARKS_SHOWN = 500

/** @throws AppError FORBIDDEN */
export function requireImport(replica: Replica, roles: readonly Role[]): void {
  const { narrowing } = replica.read.settings()
  if (!can(roles, 'NONE', 'IMPORT_PATIENTS', narrowing)) {
    throw new AppError('FORBIDDEN', { action: 'IMPORT_PATIENTS', status: 'NONE' })
  }
}

/**
 * Brings a clinic's old list in, batch by batch. What stops it (a crash, the entitlement) leaves
 * whole batches; the same file taken again flags those who are here already.
 *
 * @throws AppError FORBIDDEN, CSV_UNREADABLE, CSV_NO_NAME_COLUMN; UNAVAILABLE while another runs
 */
export async function importCsv(
  deps: ClinicDeps,
  { fileName, text }: ActionInput<'importCsv'>,
): Promise<ActionOutput<'importCsv'>> {
  const { replica, session } = deps
  const tellImport = (): void => deps.tellImport()
  const { userId, roles } = session.require()
  requireImport(replica, roles)
  if (progressOf(replica).running) throw new AppError('UNAVAILABLE')
  const progress = startProgress(replica, fileName)
  tellImport()
  try {
    const table = await readCsvTable(text)
    progress.total = table.rows.length
    await importTable(replica, table, { userId, progress, tellImport })
  } finally {
    progress.running = false
    tellImport()
  }
  const { imported, duplicates, errorCount } = progress
  return { imported, duplicates, errorCount }
}

interface Run {
  userId: UserId
  progress: ImportProgress
  tellImport: () => void
}

async function importTable(
  replica: Replica,
  { header, rows }: CsvTable,
  { userId, progress, tellImport }: Run,
): Promise<void> {
  const { timeZone, currency } = replica.read.settings()
  const context: CsvContext = {
    today: wallClock(replica.now(), timeZone).date,
    country: phoneCountryOf(currency),
  }
  const { errors, columns } = mapPatientRows(header, [], context)
  if (errors.length > 0) throw new AppError('CSV_NO_NAME_COLUMN')
  progress.unread = columns.flatMap(({ heading, field }) =>
    field === null && heading.trim() !== '' ? [heading] : [],
  )
  for (let from = 0; from < rows.length; from += BATCH) {
    const batch = rows.slice(from, from + BATCH)
    const drafts = readBatch(header, batch, { context, progress })
    if (drafts.length > 0) {
      const { duplicates } = replica.commit(userId, (tx) => importPatients(tx, drafts))
      progress.imported += drafts.length
      progress.duplicates += duplicates
    }
    progress.done += batch.length
    tellImport()
    // The queue goes on beside a long list.
    await setImmediate()
  }
}

function readBatch(
  header: readonly string[],
  batch: readonly CsvRow[],
  { context, progress }: { context: CsvContext; progress: ImportProgress },
): PatientDraft[] {
  const cells = batch.map((row) => row.cells)
  const { rows, errors, warnings, columns } = mapPatientRows(header, cells, context)
  // The mapping counts the rows it was given from line 2.
  const lineOf = (line: number): number => batch[line - 2]?.line ?? line
  const fail = (error: ImportProgress['errors'][number]): void => {
    progress.errorCount += 1
    if (progress.errors.length < REMARKS_SHOWN) progress.errors.push(error)
  }
  for (const error of errors) fail({ ...error, line: lineOf(error.line) })
  const refused = new Set(errors.map(({ line }) => line))
  // Of a row that is not taken its errors say enough.
  const taken = warnings.filter(({ line }) => !refused.has(line))
  progress.warningCount += taken.length
  for (const warning of taken.slice(0, REMARKS_SHOWN - progress.warnings.length)) {
    progress.warnings.push({ ...warning, line: lineOf(warning.line) })
  }
  return rows.flatMap(({ line, draft }) => {
    const { notes, birthYear, ...rest } = draft
    const read = PatientDraft.safeParse({
      ...rest,
      // Of an age only the year is known; the first of January is how clinics write that.
      birthDate: rest.birthDate ?? (birthYear === null ? null : String(birthYear)),
      note: notes,
    })
    if (read.success) return [read.data]
    const [issue] = read.error.issues
    const field = CSV_FIELD_OF[String(issue?.path[0])] ?? String(issue?.path[0])
    const column = columns.find((one) => one.field === field)?.heading ?? ''
    const value = batch[line - 2]?.cells[header.indexOf(column)] ?? ''
    const code = issue?.code === 'too_big' ? 'CSV_TOO_LONG' : 'CSV_TOO_SHORT'
    fail({ line: lineOf(line), column, code, value: value.slice(0, 200) })
    return []
  })
}

/** Where the file's name of a field is another than the patient's. */
const CSV_FIELD_OF: Partial<Record<string, string>> = { phones: 'phone', note: 'notes' }

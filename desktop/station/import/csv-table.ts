import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { AppError } from '#shared/errors.ts'

export interface CsvRow {
  /** The line of the file on which the row begins; cells may hold line breaks. */
  line: number
  cells: readonly string[]
}

export interface CsvTable {
  header: readonly string[]
  rows: readonly CsvRow[]
}

const SLICE = 64 * 1024

/**
 * The table in the text of a CSV file, separated by commas, semicolons (Excel where the comma is
 * the decimal mark) or tabs. Read in slices, so that the event loop goes on beside a long file.
 *
 * @throws AppError CSV_UNREADABLE: not a table, or text that was not UTF-8: a file in windows-1256
 *   arrives with U+FFFD in place of its letters
 */
export async function readCsvTable(text: string): Promise<CsvTable> {
  if (/[\ufffd\0]/.test(text)) throw new AppError('CSV_UNREADABLE')
  // One kind of line break: the parser counts both halves of \r\n inside a quoted cell.
  const rows = await parseRows(text.replaceAll(/\r\n?/g, '\n'))
  const at = rows.findIndex(({ cells }) => cells.some((cell) => cell.trim() !== ''))
  const header = rows[at]
  if (header === undefined) throw new AppError('CSV_UNREADABLE')
  return { header: header.cells, rows: rows.slice(at + 1) }
}

async function parseRows(text: string): Promise<CsvRow[]> {
  const parser = parse({
    bom: true,
    delimiter: delimiterOf(text),
    relax_column_count: true,
    relax_quotes: true,
    info: true,
  })
  const rows: CsvRow[] = []
  let line = 1
  // What `info: true` makes of each record; the package types its stream as any.
  const records: AsyncIterable<{ record: string[]; info: { lines: number } }> = Readable.from(
    slices(text),
  ).pipe(parser)
  try {
    for await (const { record, info } of records) {
      rows.push({ line, cells: record })
      line = info.lines + 1
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new AppError('CSV_UNREADABLE', { line })
  }
  return rows
}

function* slices(text: string): Generator<string> {
  for (let from = 0; from < text.length; from += SLICE) yield text.slice(from, from + SLICE)
}

/** Whichever stands most often in the heading. */
function delimiterOf(text: string): string {
  const heading = /\S.*/.exec(text)?.[0] ?? ''
  const counts = [',', ';', '\t'].map((delimiter) => ({
    delimiter,
    count: heading.split(delimiter).length,
  }))
  return counts.reduce((most, one) => (one.count > most.count ? one : most)).delimiter
}

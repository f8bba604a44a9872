import type { QueryView } from '#desktop/station/contract/queries.ts'
import { en } from '#shared/texts/en.ts'
import type { TextKey } from '#shared/texts/text-key.ts'
import type { Text } from '../ui/texts.ts'

type RowError = QueryView<'import'>['errors'][number]

/** What is wrong with a cell, in words; a code that has none says only that it was not understood. */
export function problemText(text: Text, code: string): string {
  const key = `csv.${code}`
  return text(isTextKey(key) ? key : 'csv.other')
}

function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(en, key)
}

const BYTE_ORDER_MARK = '\ufeff'

/** The errors as a table that Excel opens in Arabic, to mend the rows and import them again. */
export function errorListCsv(text: Text, errors: readonly RowError[]): string {
  const head = [
    text('import.line'),
    text('import.column'),
    text('import.problem'),
    text('import.value'),
  ]
  const rows = errors.map(({ line, column, code, value }) => [
    String(line),
    column,
    problemText(text, code),
    value,
  ])
  return BYTE_ORDER_MARK + [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')
}

/** Quoted; and a cell that a spreadsheet would take for a formula is made text. */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return `"${text.replaceAll('"', '""')}"`
}

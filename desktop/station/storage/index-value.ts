/**
 * Fields named in a schema's indexes are kept in columns of their own, in an encoding whose order in SQLite is RxDB's
 * order (mingo's comparator): missing < null < numbers < strings < booleans. Expressions over json_extract cannot do
 * that: they return 1 for true, the text of an array for an array, NULL for null and for missing, and cut at NUL.
 */
export type IndexValue = string | number | Buffer | null

/** JSON has no infinity, so it is free to stand for null: above SQL NULL (missing), below every number. */
export const NULL_VALUE = Number.NEGATIVE_INFINITY

/** Objects, arrays and paths through them: legal to store, but no column can answer for them. */
export const ODD_VALUE = Buffer.from([0])

const FALSE_VALUE = Buffer.from([1])
const TRUE_VALUE = Buffer.from([2])

const ABOVE_ASCII_ORDER = /[\uD7FF-\uFFFF]/
const EACH_ABOVE_ASCII_ORDER = /[\uD7FF-\uFFFF]/g

/**
 * JavaScript compares UTF-16 units, SQLite compares UTF-8 bytes; they disagree where surrogates meet U+E000-U+FFFF
 * (Arabic presentation forms and emoji, for one), and half a surrogate does not survive UTF-8. Each unit from U+D7FF up
 * becomes U+D7FF and its distance from there: one-to-one, the order kept, and every other string is left as it is.
 */
export function encodeText(text: string): string {
  if (!ABOVE_ASCII_ORDER.test(text)) return text
  return text.replace(
    EACH_ABOVE_ASCII_ORDER,
    (unit) => `\uD7FF${String.fromCharCode(unit.charCodeAt(0) - 0xd7ff + 1)}`,
  )
}

/** The column's value for what JSON would keep of `value`; undefined when no column value can stand for it. */
export function encodeScalar(value: unknown): IndexValue | undefined {
  if (value === undefined) return null
  if (value === null) return NULL_VALUE
  if (typeof value === 'string') return encodeText(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'boolean') return value ? TRUE_VALUE : FALSE_VALUE
  return undefined
}

/** Reads a field path out of a document into its column value. */
export function fieldReader(path: string): (document: Record<string, unknown>) => IndexValue {
  const keys = path.split('.')
  return (document) => {
    let value: unknown = document
    for (const key of keys) {
      if (value === undefined || value === null) return null
      if (!isPlainObject(value)) return ODD_VALUE
      value = value[key]
    }
    // JSON writes null for NaN and the infinities.
    if (typeof value === 'number' && !Number.isFinite(value)) return NULL_VALUE
    const encoded = encodeScalar(value)
    return encoded === undefined ? ODD_VALUE : encoded
  }
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

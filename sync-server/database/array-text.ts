/**
 * Lists as PostgreSQL reads arrays, for `unnest()`: a column each costs it a good deal less than a list
 * of JSON objects, whose every key it reads again, and us less than `pg`, which quotes every number.
 */

/** Of what needs no quotes, by its form: ids, numbers, stamps, names from a closed list. */
export function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** Of whatever text. */
function textArray(values: readonly string[]): string {
  return `{${values.map(quote).join(',')}}`
}

/** Of lists, which may differ in length: each as a text, to be cast to an array of its own. */
export function listArray(lists: readonly (readonly string[])[]): Buffer {
  return binaryArray('TEXT', lists.map(textArray))
}

/** `pg_type`'s number of the elements, and what stands before each as PostgreSQL receives it. */
const BINARY = {
  TEXT: { oid: 25, version: null },
  JSON: { oid: 114, version: null },
  // The version of the form: 1, text.
  JSONB: { oid: 3802, version: 1 },
} as const

/**
 * As PostgreSQL's own binary form, in which nothing is quoted and nothing read letter by letter: for what
 * is long. No element may hold U+0000, nor JSON a lone surrogate.
 */
export function binaryArray(
  type: keyof typeof BINARY,
  elements: readonly (string | null)[],
): Buffer {
  const { oid, version } = BINARY[type]
  // UTF-8 takes at most three bytes for each of UTF-16's units.
  const most = elements.reduce((sum, text) => sum + 5 + 3 * (text?.length ?? 0), 20)
  const bytes = Buffer.allocUnsafe(most)
  bytes.writeInt32BE(elements.length === 0 ? 0 : 1, 0) // dimensions
  bytes.writeInt32BE(elements.includes(null) ? 1 : 0, 4)
  bytes.writeInt32BE(oid, 8)
  if (elements.length === 0) return bytes.subarray(0, 12)
  bytes.writeInt32BE(elements.length, 12)
  bytes.writeInt32BE(1, 16) // number of the first
  let end = 20
  for (const text of elements) {
    let from = end + 4
    if (text !== null && version !== null) from = bytes.writeUInt8(version, from)
    const to = text === null ? from : from + bytes.write(text, from)
    bytes.writeInt32BE(text === null ? -1 : to - end - 4, end)
    end = to
  }
  return bytes.subarray(0, end)
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

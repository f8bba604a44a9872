import { hash } from 'node:crypto'

/** An entry of a clinic's chain, without its hash. */
export interface AuditEntry {
  clinicId: string
  /** From 1, without a gap. */
  seq: number
  /** Null: not the work of a command. */
  commandId: string | null
  stationId: string | null
  authorId: string
  name: string
  /** The stamp of the act. */
  at: string
  /** The ADMIN who let a quarantined command in. */
  admittedBy: string | null
  /** `collection:id` of each document, and in the same order the digests of its contents. */
  touches: readonly string[]
  digests: readonly string[]
  /** By the server's clock; instant, UTC ISO 8601. */
  recordedAt: string
}

/** Of the entry that says that a record's contents were erased; it keeps no content itself. */
export const ERASURE = 'eraseRecord'

/**
 * SHA-256 over a salt and what a document was before and after. Without the salt, which an erasure
 * destroys together with the content, nobody can guess the content from the digest.
 *
 * @param salt hex
 * @returns hex
 */
export function digestContent(salt: string, content: string): string {
  return hashBehind(salt, content)
}

/**
 * The hash of an entry over all of it and the hash before (hex; empty for the first).
 *
 * @returns hex
 */
export function hashEntry(previous: string, entry: AuditEntry): string {
  // A list, not an object: the order of its parts is what is hashed.
  const text = JSON.stringify([
    entry.clinicId,
    entry.seq,
    entry.commandId,
    entry.stationId,
    entry.authorId,
    entry.name,
    entry.at,
    entry.admittedBy,
    entry.touches,
    entry.digests,
    entry.recordedAt,
  ])
  return hashBehind(previous, text)
}

/** SHA-256, hex, of bytes given in hex and the UTF-8 of a text behind them; in one call, not three. */
function hashBehind(hex: string, text: string): string {
  const before = hex.length / 2
  const bytes = Buffer.allocUnsafe(before + 3 * text.length)
  bytes.write(hex, 'hex')
  return hash('sha256', bytes.subarray(0, before + bytes.write(text, before)), 'hex')
}

type Fields = Readonly<Record<string, unknown>>

/**
 * What an entry keeps of a document, as JSON text: a new one whole, of a changed one the fields that
 * changed; and where the server had to give it another number, the field as the station had made it.
 *
 * @param known `afterText`: the JSON of `after`, where it was printed already
 */
export function contentOf(
  before: object | null,
  after: object,
  {
    afterText,
    asMade,
  }: { afterText?: string | null | undefined; asMade?: object | undefined } = {},
): string {
  const made =
    asMade === undefined ? '' : `,"asMade":${JSON.stringify(differing(asMade, after)[0])}`
  if (before === null) {
    return `{"before":null,"after":${afterText ?? JSON.stringify(after)}${made}}`
  }
  const [old, is] = differing(before, after)
  return `{"before":${JSON.stringify(old)},"after":${JSON.stringify(is)}${made}}`
}

/** Of both the fields in which they differ. */
function differing(one: object, other: object): [Fields, Fields] {
  const ofOne: Fields = Object.fromEntries(Object.entries(one))
  const ofOther: Fields = Object.fromEntries(Object.entries(other))
  const names = [...new Set([...Object.keys(ofOne), ...Object.keys(ofOther)])].filter(
    (name) => JSON.stringify(ofOne[name]) !== JSON.stringify(ofOther[name]),
  )
  const pick = (from: Fields): Fields => Object.fromEntries(names.map((name) => [name, from[name]]))
  return [pick(ofOne), pick(ofOther)]
}

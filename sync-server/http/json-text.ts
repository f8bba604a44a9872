import { AppError } from '#shared/errors.ts'

/** How a NUL or half of a surrogate pair can be written inside JSON: raw, or as an escape. */
// eslint-disable-next-line no-control-regex -- the character it must find
const SUSPECT = /\\u0000|\\u[dD][89a-fA-F]|[\u0000\p{Surrogate}]/u

/**
 * Parses JSON that people's devices wrote. PostgreSQL can keep neither NUL nor half a surrogate
 * pair, in text or in jsonb: a document with one must be refused here, not fail there for ever.
 *
 * @throws AppError INVALID
 */
export function parseJsonText(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new AppError('INVALID', { reason: 'not JSON' })
  }
  // A whole pair written as escapes looks suspect too, and so does a backslash before a plain "u0000".
  if (SUSPECT.test(text) && !isStorable(value)) {
    throw new AppError('INVALID', { reason: 'a character that cannot be stored' })
  }
  return value
}

/**
 * Whether PostgreSQL can keep every text in a parsed JSON value. Without recursion: a body of lists
 * in lists is deeper than any stack.
 */
export function isStorable(root: unknown): boolean {
  const left = [root]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === 'string') {
      if (!isStorableText(value)) return false
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (!isStorableText(key)) return false
        left.push(item)
      }
    }
  }
  return true
}

function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

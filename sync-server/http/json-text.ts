import { AppError } from '#shared/errors.ts'

/** How a NUL or half of a surrogate pair can be written as an escape; raw, JSON allows no NUL. */
const SUSPECT = /\\u(?:0000|d[89a-f])/i

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
  if (!isStorableJson(text, value)) {
    throw new AppError('INVALID', { reason: 'a character that cannot be stored' })
  }
  return value
}

/**
 * Whether PostgreSQL can keep every text in JSON.
 *
 * @param value what was parsed of it
 */
export function isStorableJson(text: string, value: unknown): boolean {
  // A whole pair written as escapes looks suspect too, and so does a backslash before a plain "u0000".
  return (text.isWellFormed() && !SUSPECT.test(text)) || isStorable(value)
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

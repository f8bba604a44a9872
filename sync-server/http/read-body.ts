import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Context } from 'hono'
import type { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { parseJsonText } from './json-text.ts'

const unpack = promisify(gunzip)

/**
 * The request's body as text.
 *
 * @param unpacked how many bytes a body packed by gzip may come to; absent: a packed one is not read
 * @throws AppError TOO_LARGE, or INVALID
 */
export async function readText(c: Context, unpacked?: number): Promise<string> {
  const isPacked = unpacked !== undefined && c.req.header('content-encoding') === 'gzip'
  try {
    const bytes = await c.req.arrayBuffer()
    const plain = isPacked ? await unpack(bytes, { maxOutputLength: unpacked }) : bytes
    return new TextDecoder('utf-8', { fatal: true }).decode(plain)
  } catch (error) {
    const isTooLarge =
      error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    if (isTooLarge) throw new AppError('TOO_LARGE', { limitBytes: unpacked ?? 0 })
    // Or the line broke, and nobody hears it.
    throw new AppError('INVALID', { reason: isPacked ? 'not gzip of UTF-8' : 'not UTF-8' })
  }
}

/**
 * The request's body by its schema.
 *
 * @throws AppError INVALID, naming fields and never their values
 */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return parseWith(schema, parseJsonText(await readText(c)))
}

/** @throws AppError INVALID, naming fields and never their values */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`)
  throw new AppError('INVALID', { issues: issues.slice(0, 20) })
}

/**
 * An id from the path. One that is not an id answers like one that is not there.
 *
 * @throws AppError NOT_FOUND
 */
export function readId<Schema extends z.ZodType>(
  schema: Schema,
  text: string | undefined,
): z.infer<Schema> {
  const parsed = schema.safeParse(text)
  if (!parsed.success) throw new AppError('NOT_FOUND')
  return parsed.data
}

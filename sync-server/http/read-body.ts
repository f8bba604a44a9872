import type { Context } from 'hono'
import type { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { parseJsonText } from './json-text.ts'

/**
 * The request's body by its schema.
 *
 * @throws AppError INVALID, naming fields and never their values
 */
export async function readBody<Schema extends z.ZodType>(
  c: Context,
  schema: Schema,
): Promise<z.infer<Schema>> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await c.req.arrayBuffer())
  } catch (error) {
    // Too long, or the line broke: the body limit says so itself.
    if (error instanceof AppError) throw error
    throw new AppError('INVALID', { reason: 'not UTF-8' })
  }
  return parseWith(schema, parseJsonText(text))
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

import { existsSync, readFileSync } from 'node:fs'
import type { z } from 'zod'

/**
 * A small file of ours; null: it is not there, or what is there is not it. A damaged one must not keep a station from
 * starting, nor an owner from being given another code.
 *
 * @throws the system's own error when it cannot be read now
 */
export function readJson<T>(path: string, schema: z.ZodType<T>): T | null {
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'utf8')
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

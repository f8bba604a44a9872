import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** A deliberate defect: one text of one file in place of another, and the test that must see it. */
export interface Fault {
  name: string
  file: string
  /** Stands once in the file. */
  find: string
  replace: string
  test: { project: 'unit' | 'pg'; file: string; name: string }
}

/** @param area the name of a file beside this one, which exports `FAULTS` */
export async function readFaults(area: string): Promise<readonly Fault[]> {
  const file = join(import.meta.dirname, `${area}.ts`)
  if (!/^[a-z-]+$/.test(area) || !existsSync(file)) throw new Error(`no faults of "${area}"`)
  const module: unknown = await import(file)
  // Cast: the files beside this one are typed, by name they are not.
  return (module as { FAULTS: readonly Fault[] }).FAULTS
}

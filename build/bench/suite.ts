import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Measured, printRows, type Row, toRow } from './rows.ts'

/** What a suite is given. */
export interface Bench {
  /** A smoke: so small that the figures mean nothing. */
  readonly quick: boolean
  /** A new folder, removed at the end. It lies where PostgreSQL's own user can reach it. */
  folder(this: void, name: string): string
  /** Run at the end, the last registered first. */
  onEnd(end: () => unknown): void
  add(measured: Omit<Measured, 'suite'>): void
}

/** Runs one suite in this process: prints its rows, and with `--json FILE` keeps them. */
export async function runSuite(suite: string, run: (bench: Bench) => Promise<void>): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  })
  const rows: Row[] = []
  const ends: Array<() => unknown> = []
  let ending: Promise<void> | null = null
  const endAll = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end()
  }
  const end = (): Promise<void> => (ending ??= endAll())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // A PostgreSQL of ours would outlive us.
    process.once(signal, () => void end().finally(() => process.exit(1)))
  }
  try {
    await run({
      quick: values.quick,
      folder(name) {
        const made = mkdtempSync(join(tmpdir(), `dawr-bench-${name}-`))
        ends.push(() => rmSync(made, { recursive: true, force: true }))
        return made
      },
      onEnd: (end) => void ends.push(end),
      add({ mark, ...measured }) {
        // A smoke meets no mark and misses none.
        const marked = mark === undefined || values.quick ? {} : { mark }
        rows.push(toRow({ suite, ...measured, ...marked }))
      },
    })
  } finally {
    await end()
  }
  console.log(printRows(rows))
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows))
}

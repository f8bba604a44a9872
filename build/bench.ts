// `npm run bench [-- part of a suite's name]`: what the app does at 100,000 patients, beside the floor
// (the raw library, the raw database) at the same work. `--json FILE` keeps the rows, `--quick` is a
// smoke in a few seconds. One suite after another: the machine's cores are part of what is measured.
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})
const [wanted = ''] = positionals

const files = globSync('{shared,sync-server,desktop,build}/**/*.bench.ts')
  .filter((file) => basename(file).includes(wanted))
  .toSorted()

console.log(
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ` +
    `${process.platform}, Node ${process.version}`,
)
console.log('medians of the runs; ratio: how many times worse than the floor (↓ less is better:')
console.log('ours / floor; ↑ more is better: floor / ours)')
if (values.quick) console.log('quick: too small to mean anything')

const results = mkdtempSync(join(tmpdir(), 'dawr-bench-rows-'))
const rows: unknown[] = []
let failed = 0
for (const file of files) {
  const start = performance.now()
  // Above a fraction: something else ran here, and the figures are partly its own.
  console.log(`\n== ${basename(file, '.bench.ts')} (load before: ${loadavg()[0]?.toFixed(1)})`)
  const result = join(results, `${basename(file)}.json`)
  const args = [file, '--json', result, ...(values.quick ? ['--quick'] : [])]
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status === 0) rows.push(...readRows(result))
  else failed += 1
  console.log(`   ${((performance.now() - start) / 1000).toFixed(0)} s`)
}
rmSync(results, { recursive: true, force: true })
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
console.log(`\n${files.length} suites, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** Empty for a bench that keeps no rows. */
function readRows(file: string): unknown[] {
  try {
    const kept: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return Array.isArray(kept) ? kept : []
  } catch {
    return []
  }
}

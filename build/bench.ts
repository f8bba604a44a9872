// `npm run bench [-- part of a path]`: runs every *.bench.ts, one after another, for the machine's
// two cores are part of what is measured.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const wanted = process.argv[2] ?? ''
const files = globSync('{shared,sync-server,desktop,build}/**/*.bench.ts')
  .filter((file) => file.includes(wanted))
  .toSorted()

let failed = 0
for (const file of files) {
  console.log(`\n== ${file}`)
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' })
  if (status !== 0) failed += 1
}
console.log(`\n${files.length} benches, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

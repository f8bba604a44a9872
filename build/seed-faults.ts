// `node build/seed-faults.ts AREA [part of a defect's name]`: puts the deliberate defects of build/faults/AREA.ts, one
// after the other, into a copy of the code, and expects the named test of each to fail. One that passes is a hole.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { type Fault, seed } from './faults/fault.ts'
import { FAULTS as SERVER } from './faults/server.ts'
import { FAULTS as STORAGE } from './faults/storage.ts'

const AREAS: Readonly<Record<string, readonly Fault[]>> = { storage: STORAGE, server: SERVER }

const Report = z.object({
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
})

const [, , area = '', wanted = ''] = process.argv
const faults = AREAS[area]?.filter(({ is }) => is.includes(wanted))
if (faults === undefined) {
  console.log(`usage: node build/seed-faults.ts ${Object.keys(AREAS).join('|')}`)
  process.exit(1)
}
const copy = copyCode()
let holes = 0
try {
  for (const fault of faults) {
    const path = join(copy, fault.file)
    const sound = readFileSync(path, 'utf8')
    // Without the defect the test has to pass: one that always fails catches nothing.
    const before = runTest(fault)
    writeFileSync(path, seed(sound, fault))
    const after = runTest(fault)
    writeFileSync(path, sound)
    const isCaught = before === 'passed' && after === 'failed'
    if (!isCaught) holes += 1
    const verdict = isCaught ? 'caught ' : `MISSED (${before} without it, ${after} with it)`
    console.log(`${verdict} ${fault.is}\n        by "${fault.caughtBy.test}"`)
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
console.log(`${faults.length - holes} of ${faults.length} faults caught`)
process.exitCode = holes === 0 ? 0 : 1

/** What git knows of, as it stands on disk, in a folder of its own. */
function copyCode(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dawr-faults-'))
  const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
    encoding: 'utf8',
  })
  const isCode = (file: string): boolean => file !== '' && !file.startsWith('docs/')
  for (const file of stdout.split('\n').filter(isCode)) cpSync(file, join(folder, file))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction')
  return folder
}

/** How the test that should catch the fault ends in the copy; `absent` when no such test ran. */
function runTest({ caughtBy, project = 'unit' }: Fault): string {
  const report = join(copy, 'fault-report.json')
  rmSync(report, { force: true })
  const escaped = caughtBy.test.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  const args = ['run', `--project=${project}`, '--reporter=json', `--outputFile=${report}`]
  const vitest = join(copy, 'node_modules/vitest/vitest.mjs')
  spawnSync(process.execPath, [vitest, ...args, caughtBy.file, '-t', escaped], { cwd: copy })
  const { testResults } = Report.parse(JSON.parse(readFileSync(report, 'utf8')))
  const results = testResults.flatMap(({ assertionResults }) => assertionResults)
  const statuses = results
    .filter(({ title }) => title.includes(caughtBy.test))
    .map(({ status }) => status)
  return ['failed', 'passed'].find((status) => statuses.includes(status)) ?? 'absent'
}

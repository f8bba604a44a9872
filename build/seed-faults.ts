// `node build/seed-faults.ts AREA [NUMBER...]`: puts each deliberate defect of build/faults/AREA.ts into
// a copy of the tree and expects the test that names it to fail. A fault that no test sees is a hole
// in the tests; one that no longer applies, or whose test fails without it, proves nothing.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { type Fault, readFaults } from './faults/fault.ts'

const ROOT = resolve(import.meta.dirname, '..')

const Report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** The tree as it is, what is not committed too; packages by a link. */
function copyTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dawr-faults-'))
  const listed = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  )
  for (const file of listed.stdout.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(ROOT, file), join(folder, file), { force: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir')
  return folder
}

/** How many of the tests of this name passed, and how many failed. */
function runTest(folder: string, { test }: Fault): { passed: number; failed: number } {
  const report = join(folder, 'fault.json')
  rmSync(report, { force: true })
  const name = test.name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const args = ['run', `--project=${test.project}`, test.file, '-t', name]
  spawnSync('vitest', [...args, '--reporter=json', `--outputFile=${report}`], {
    cwd: folder,
    stdio: 'ignore',
    shell: process.platform === 'win32',
    timeout: 180_000,
  })
  let text: string
  try {
    text = readFileSync(report, 'utf8')
  } catch {
    return { passed: 0, failed: 0 }
  }
  const results = Report.parse(JSON.parse(text)).testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )
  const count = (status: string): number =>
    results.filter((each) => each.status === status && each.fullName.includes(test.name)).length
  return { passed: count('passed'), failed: count('failed') }
}

/** What came of it; null: the test failed, as it should. */
function tryFault(folder: string, fault: Fault): string | null {
  const file = join(folder, fault.file)
  const good = readFileSync(file, 'utf8')
  const parts = good.split(fault.find)
  if (parts.length !== 2) return `does not apply: found ${parts.length - 1} times in ${fault.file}`
  writeFileSync(file, parts.join(fault.replace))
  try {
    const { passed, failed } = runTest(folder, fault)
    if (failed > 0) return null
    return passed > 0 ? 'NOT SEEN' : 'the test was not found, or could not run at all'
  } finally {
    writeFileSync(file, good)
  }
}

const [area = '', ...numbers] = process.argv.slice(2)
const faults = await readFaults(area)
const chosen = numbers.length === 0 ? faults.keys() : numbers.map((number) => Number(number) - 1)
const folder = copyTree()
let holes = 0
try {
  for (const index of chosen) {
    const fault = faults[index]
    if (fault === undefined) throw new Error(`there is no fault ${index + 1}`)
    const wrong = tryFault(folder, fault)
    if (wrong !== null) holes += 1
    console.log(`${index + 1}. ${fault.name}: ${wrong ?? `seen by "${fault.test.name}"`}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = holes === 0 ? 0 : 1

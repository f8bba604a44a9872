// `npm test`, after the set-up: every check, every test, and as the last line how many passed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { z } from 'zod'
import { failedChecks } from './check.ts'

const REPORT = 'test-output/vitest.json'

const Report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
})

interface Count {
  passed: number
  failed: number
  skipped: number
}

/** Apart, since a build of the app that fails ends its run, and should not hide the other tests. */
const RUNS = [['--project=unit', '--project=pg'], ['--project=browser']]

function runTests(args: string[]): Count {
  mkdirSync('test-output', { recursive: true })
  rmSync(REPORT, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  const { status } = spawnSync('vitest', ['run', '--passWithNoTests', ...reporters, ...args], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  const count = readReport()
  // An error outside any test (a failed set-up, an unhandled rejection) must show in the count too.
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count
}

function sum(counts: Count[]): Count {
  const total = (key: keyof Count) => counts.reduce((so, count) => so + count[key], 0)
  return { passed: total('passed'), failed: total('failed'), skipped: total('skipped') }
}

function readReport(): Count {
  let text: string
  try {
    text = readFileSync(REPORT, 'utf8')
  } catch {
    return { passed: 0, failed: 1, skipped: 0 } // vitest did not get as far as reporting
  }
  const report = Report.parse(JSON.parse(text))
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function assertNode24(): void {
  if (process.version.startsWith('v24.')) return
  console.log(`tests run on Node 24, this is ${process.version}: use "npm test"`)
  process.exit(1)
}

assertNode24()
const checks = failedChecks()
const tests = sum(RUNS.map((projects) => runTests([...projects, ...process.argv.slice(2)])))
if (checks.length > 0) console.log(`\nnot clean: ${checks.join(', ')} (see the top of this output)`)
const failed = tests.failed + checks.length
const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''
console.log(`${tests.passed} passed, ${failed} failed${skipped}`)
process.exitCode = failed === 0 ? 0 : 1

import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'

/** What must hold before a test runs, quickest first. */
const CHECKS: ReadonlyArray<{ name: string; command: string; args: string[] }> = [
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'types', command: 'tsc', args: ['-b'] },
  {
    name: 'lint',
    command: 'oxlint',
    args: ['--type-aware', '--deny-warnings', '--report-unused-disable-directives'],
  },
  { name: 'dead code', command: 'knip', args: [] },
]

/** Runs them all, so that one run shows everything that is wrong; returns the names of the failed. */
export function failedChecks(): string[] {
  return CHECKS.filter(({ name, command, args }) => {
    const start = performance.now()
    const result = spawnSync(command, args, {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32',
    })
    const failed = result.status !== 0
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    if (failed) console.log(result.error?.message ?? result.stdout + result.stderr)
    console.log(`${failed ? 'FAILED' : 'ok    '} ${name} (${seconds} s)`)
    return failed
  }).map(({ name }) => name)
}

if (basename(process.argv[1] ?? '') === 'check.ts') {
  const failed = failedChecks()
  if (failed.length > 0) console.log(`check failed: ${failed.join(', ')}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

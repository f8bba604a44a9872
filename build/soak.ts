// `npm run soak [-- --histories N --seed S]`: the model test over many histories; a share of it is in
// `npm test`. In batches, each in a run of its own, so that one that hangs does not end the others.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
})
const BATCH = 50
const total = wholeNumber('histories', 1)
const first = wholeNumber('seed', 0)
const failed: number[] = []

for (let done = 0; done < total; done += BATCH) {
  const histories = Math.min(BATCH, total - done)
  const seed = first + done
  const { status } = spawnSync(
    'vitest',
    ['run', '--project=pg', '--reporter=dot', 'desktop/test/model/model.pg.test.ts'],
    {
      stdio: 'inherit',
      shell: process.platform === 'win32',
      env: {
        ...process.env,
        DAWR_MODEL_HISTORIES: String(histories),
        DAWR_MODEL_SEED: String(seed),
      },
    },
  )
  if (status !== 0) failed.push(seed)
  console.log(`${done + histories} of ${total} histories`)
}
if (failed.length > 0) console.log(`failures in the batches that begin with ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

function wholeNumber(option: keyof typeof values, least: number): number {
  const number = Number(values[option])
  if (Number.isSafeInteger(number) && number >= least) return number
  console.error(`--${option} is a whole number from ${least} on, not ${values[option]}`)
  process.exit(2)
}

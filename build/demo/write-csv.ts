import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { csvLines } from './patients-csv.ts'
import { DEMO_TODAY, generatePatients } from './patients.ts'

const USAGE = `Writes made-up patients as the CSV file a clinic would bring along.
  node build/demo/write-csv.ts --count 20000 --seed 7 --language ar --out patients.csv
  --today YYYY-MM-DD   the day on which ages hold (${DEMO_TODAY})
`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '7' },
      language: { type: 'string', default: 'ar' },
      today: { type: 'string', default: DEMO_TODAY },
      out: { type: 'string' },
    },
  })
  const { language, out, today } = values
  const count = Number(values.count)
  const seed = Number(values.seed)
  const isUsable = Number.isSafeInteger(count) && count >= 0 && Number.isSafeInteger(seed)
  if (!isUsable || (language !== 'ar' && language !== 'en') || out === undefined) {
    process.stderr.write(USAGE)
    process.exitCode = 2
    return
  }
  const patients = generatePatients({ count, seed, language, today })
  await pipeline(Readable.from(csvLines(patients, language)), createWriteStream(out))
  process.stdout.write(`${patients.length} patients in ${out}\n`)
}

await main()

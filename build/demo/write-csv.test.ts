import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, expect, test } from 'vitest'
import { mapPatientRows } from '../../shared/patient-csv.ts'
import { DEMO_TODAY, generatePatients } from './patients.ts'

const directory = mkdtempSync(join(tmpdir(), 'dawr-demo-'))
afterAll(() => rmSync(directory, { recursive: true }))

test.each(['ar', 'en'] as const)('what it writes in %s, the import reads back', (language) => {
  const out = join(directory, `${language}.csv`)
  const script = join(import.meta.dirname, 'write-csv.ts')
  const options = `--count 300 --seed 3 --language ${language}`.split(' ')
  execFileSync(process.execPath, [script, ...options, '--out', out])
  const [header = [], ...rows] = parse(readFileSync(out), { bom: true })
  const { rows: mapped, errors } = mapPatientRows(header, rows, { today: DEMO_TODAY })
  expect(errors).toEqual([])
  const generated = generatePatients({ count: 300, seed: 3, language })
  expect(mapped.map(({ draft }) => draft.phones)).toEqual(generated.map(({ phones }) => phones))
  expect(mapped.map(({ draft }) => draft.nationalId)).toEqual(
    generated.map(({ nationalId }) => nationalId),
  )
  expect(mapped.map(({ draft }) => draft.name)).toEqual(
    generated.map(({ name }) => name.replaceAll('  ', ' ')),
  )
})

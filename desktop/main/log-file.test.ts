import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logFile } from './log-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dawr-log-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('appends, and keeps one predecessor when it has grown', async () => {
  const path = join(folder, 'logs', 'station.log')
  const log = logFile(path, 10)
  log.write('first line\n')
  log.write('second\n')
  log.write('third\n')
  expect(await readFile(`${path}.1`, 'utf8')).toBe('first line\n')
  expect(await readFile(path, 'utf8')).toBe('second\nthird\n')
})

test('a log that cannot be written harms nobody', async () => {
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  expect(() => logFile(join(file, 'station.log')).write('line\n')).not.toThrow()
})

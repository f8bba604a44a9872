import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { StorageError, toStorageError } from './storage-error.ts'

function codeOf(run: () => unknown): unknown {
  try {
    run()
    return null
  } catch (error) {
    const known = toStorageError(error)
    return known instanceof StorageError ? known.code : known
  }
}

test.skipIf(process.platform !== 'linux')('a disk that is full says so without SQLite too', () => {
  expect(codeOf(() => writeFileSync('/dev/full', 'x'))).toBe('DISK_FULL')
})

test.each([
  ['EIO', 'DISK_FAILED'],
  ['EBUSY', 'LOCKED'],
  ['EPERM', 'CANNOT_OPEN'],
  ['EACCES', 'CANNOT_OPEN'],
  ['EROFS', 'CANNOT_OPEN'],
])('%s of a file operation is %s', (code, expected) => {
  const refused = Object.assign(new Error(code), { code, syscall: 'rename' })
  expect(
    codeOf(() => {
      throw refused
    }),
  ).toBe(expected)
})

test('what is no refusal of a file stays as it is', () => {
  const ours = Object.assign(new Error('ours'), { code: 'EIO' })
  expect(toStorageError(ours)).toBe(ours)
})

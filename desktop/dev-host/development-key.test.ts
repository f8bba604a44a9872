import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { developmentKey } from './development-key.ts'

test('made once, then the same, for its owner only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dawr-key-'))
  try {
    const key = await developmentKey(folder)
    expect(key).toHaveLength(32)
    expect(await developmentKey(folder)).toEqual(key)
    const { mode } = await stat(join(folder, 'development.key'))
    expect(mode & 0o077).toBe(process.platform === 'win32' ? mode & 0o077 : 0)
  } finally {
    await rm(folder, { recursive: true })
  }
})

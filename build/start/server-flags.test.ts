import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SERVER_FLAGS } from './server-flags.ts'

const read = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

test('the server is deployed as it is measured', () => {
  const words = ['node', ...SERVER_FLAGS, 'sync-server/main.ts']
  expect(read('Dockerfile')).toContain(`CMD [${words.map((word) => `"${word}"`).join(', ')}]`)
  expect(read('README.md')).toContain(words.join(' '))
})

import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { rendererFile } from './renderer-file.ts'

const folder = resolve('out', 'renderer')

test('files of the build, with their types', () => {
  expect(rendererFile(folder, '/assets/index-1.js')).toEqual({
    path: join(folder, 'assets', 'index-1.js'),
    contentType: 'text/javascript; charset=utf-8',
  })
  expect(rendererFile(folder, '/assets/plex.woff2')?.contentType).toBe('font/woff2')
})

test.each(['/', '', '/tv', '/visits/12'])('%j is the page', (path) => {
  expect(rendererFile(folder, path)?.path).toBe(join(folder, 'index.html'))
})

test.each([
  '/../../station.key.json',
  '/%2e%2e/%2e%2e/package.json',
  '/..%2f..%2fpackage.json',
  '/..\\..\\package.json',
  '/a\0.js',
  '/%E0%A4%A.js',
  '/.env',
  '/assets/index.js.map',
  '/clinic.db',
])('%j is refused or stays inside', (path) => {
  const file = rendererFile(folder, path)
  expect(file === null || file.path === join(folder, 'index.html')).toBe(true)
})

import { expect, test } from 'vitest'
import { profileFrom } from './profile.ts'

test('without arguments: the usual place, not the demo', () => {
  expect(profileFrom([])).toEqual({ folder: null, demo: false })
})

test('the demo names its folder; switches of Chromium are not ours', () => {
  expect(profileFrom(['.', '--no-sandbox', '--profile-folder=F/reception', '--demo'])).toEqual({
    folder: 'F/reception',
    demo: true,
  })
})

test('a switch without its value is not a folder', () => {
  expect(profileFrom(['--profile-folder=']).folder).toBe(null)
  expect(profileFrom(['--profile-folder']).folder).toBe(null)
})

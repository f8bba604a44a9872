import { expect, test } from 'vitest'
import { profileFrom as readProfile, type Profile } from './profile.ts'

const profileFrom = (args: readonly string[], isPackaged = false): Profile =>
  readProfile(args, { isPackaged })

test('without arguments: the usual place, not the demo', () => {
  expect(profileFrom([])).toEqual({ folder: null, demo: false, demoDesk: null })
})

test('the demo names its folder; switches of Chromium are not ours', () => {
  expect(profileFrom(['.', '--no-sandbox', '--profile-folder=F/reception', '--demo'])).toEqual({
    folder: 'F/reception',
    demo: true,
    demoDesk: null,
  })
})

test('a switch without its value is not a folder', () => {
  expect(profileFrom(['--profile-folder=']).folder).toBe(null)
  expect(profileFrom(['--profile-folder']).folder).toBe(null)
})

test('only a demo that is no installed app makes itself ready', () => {
  const told = '--demo-desk={"email":"reception@demo.dawr"}'
  expect(profileFrom(['--demo', told]).demoDesk).toBe('{"email":"reception@demo.dawr"}')
  expect(profileFrom([told]).demoDesk).toBe(null)
  expect(profileFrom(['--demo', told], true).demoDesk).toBe(null)
})

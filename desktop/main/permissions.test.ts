import { expect, test } from 'vitest'
import { mayUse } from './permissions.ts'

test('the app may fill a screen and copy text', () => {
  expect(mayUse('fullscreen', 'app://dawr/?window=tv')).toBe(true)
  expect(mayUse('clipboard-sanitized-write', 'app://dawr/')).toBe(true)
})

test.each([
  'media',
  'geolocation',
  'notifications',
  'clipboard-read',
  'usb',
  'serial',
  'openExternal',
  'unknown',
])('nobody gets %s', (permission) => expect(mayUse(permission, 'app://dawr/')).toBe(false))

test('another origin gets nothing', () => {
  expect(mayUse('fullscreen', 'https://dawr.example/')).toBe(false)
  expect(mayUse('fullscreen', '')).toBe(false)
})

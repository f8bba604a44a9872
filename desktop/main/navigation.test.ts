import { expect, test } from 'vitest'
import {
  isAppUrl,
  isTrustedSender,
  mayNavigate,
  mayRequest,
  windowOpenDecision,
} from './navigation.ts'

const foreign = [
  'https://dawr.example/',
  'http://dawr/',
  'file:///C:/Windows/win.ini',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'app://dawr.evil.example/',
  'app://evil/dawr',
  'app://dawr@evil/',
  'app://user@dawr/',
  'app:dawr',
  'APPS://dawr/',
  'about:blank',
  'chrome://gpu',
  '',
  'not a url',
]

test.each(foreign)('%j is not the app: no navigation, no window', (url) => {
  expect(isAppUrl(url)).toBe(false)
  expect(mayNavigate(url)).toBe(false)
  expect(windowOpenDecision(url)).toBe('refuse')
})

test('the app itself is the app, whatever the path', () => {
  expect(mayNavigate('app://dawr/index.html#/queue')).toBe(true)
  expect(windowOpenDecision('app://dawr/?window=tv')).toBe('own-window')
})

test('windows reach no network, but may show what they made themselves', () => {
  expect(mayRequest('https://example.com/x.png')).toBe(false)
  expect(mayRequest('ws://127.0.0.1:1/')).toBe(false)
  expect(mayRequest('app://dawr/assets/a.js')).toBe(true)
  expect(mayRequest('blob:app://dawr/1')).toBe(true)
})

test('a frame inside our page, and a page that is not ours, cannot use the shell', () => {
  expect(isTrustedSender({ url: 'app://dawr/', isTopFrame: true })).toBe(true)
  expect(isTrustedSender({ url: 'app://dawr/', isTopFrame: false })).toBe(false)
  expect(isTrustedSender({ url: 'https://dawr.example/', isTopFrame: true })).toBe(false)
  expect(isTrustedSender(null)).toBe(false)
})

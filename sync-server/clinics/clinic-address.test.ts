import { expect, test } from 'vitest'
import { addressIn, pathBehindAddress } from './clinic-address.ts'

test.each([
  ['https://dawr.example/v1/push', null, '/v1/push'],
  ['https://dawr.example/c/nile/v1/push', 'nile', '/v1/push'],
  ['https://dawr.example/c/nile', 'nile', '/'],
  ['https://dawr.example/c/', '', '/'],
  ['https://dawr.example/%63/nile/v1/push', 'nile', '/v1/push'],
  ['https://dawr.example/c/n%2Fx/v1/push', 'n%2Fx', '/v1/push'],
  ['https://dawr.example/cc/nile', null, '/cc/nile'],
  ['https://dawr.example/v1/c/nile', null, '/v1/c/nile'],
  ['https://nile.dawr.example/v1/pull?x=1', 'nile', '/v1/pull'],
  ['https://nile.dawr.example:8443/v1/pull', 'nile', '/v1/pull'],
  ['https://a.b.dawr.example/v1/pull', 'a.b', '/v1/pull'],
  ['https://notdawr.example/v1/pull', null, '/v1/pull'],
  // Two addresses in one request: the path's.
  ['https://nile.dawr.example/c/maadi/v1/pull', 'maadi', '/v1/pull'],
])('%s is at %s and asks for %s', (url, address, path) => {
  const request = new Request(url)
  expect(addressIn(request, 'dawr.example')).toBe(address)
  expect(pathBehindAddress(request)).toBe(path)
})

test('without a host for clinics, a host names none', () => {
  expect(addressIn(new Request('https://nile.dawr.example/'), null)).toBeNull()
})

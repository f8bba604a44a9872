import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifyProof } from './dpop.ts'

const NOW = Date.parse('2026-11-23T10:00:00Z')
const URL_ = 'https://dawr.example/v1/token'
const pair = generateKeyPairSync('ed25519')
const jwk = pair.publicKey.export({ format: 'jwk' })
const HEADER = { alg: 'EdDSA', typ: 'dpop+jwt', jwk }
const CLAIMS = { htm: 'POST', htu: URL_, jti: 'one of a kind', iat: NOW / 1000 }

/** Signed as it stands, whatever stands in it. */
function prove(header: unknown, claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const said = `${part(header)}.${part(claims)}`
  return `${said}.${sign(null, Buffer.from(said), pair.privateKey).toString('base64url')}`
}

const verify = (proof: string) => verifyProof(proof, { method: 'POST', urls: [URL_], now: NOW })

test('a good proof is one', async () => {
  expect(await verify(prove(HEADER, CLAIMS))).toMatchObject({ jti: CLAIMS.jti })
})

test.each<unknown>([
  { ...jwk, x: '' },
  { ...jwk, x: 'AA' },
  { ...jwk, x: 5 },
  { ...jwk, kty: 'EC' },
  { ...jwk, crv: 'X25519' },
  { kty: jwk.kty, x: jwk.x },
  { ...jwk, d: 'AAAA' },
  { ...jwk, key_ops: ['sign'] },
  { ...jwk, alg: 'RS256' },
  [],
  null,
  'x',
  {},
])('a key that is none makes no proof, and no fault of ours: %j', async (key) => {
  await expect(verify(prove({ ...HEADER, jwk: key }, CLAIMS))).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  })
})

test.each<unknown>([
  { ...CLAIMS, jti: 'a NUL: \0' },
  { ...CLAIMS, jti: 'half a pair: \ud800' },
  { ...CLAIMS, jti: 'short' },
  { ...CLAIMS, iat: 1e308 },
  { ...CLAIMS, iat: NOW },
  { ...CLAIMS, htu: 'https://[' },
  [],
  null,
  5,
])('claims that are none make no proof: %j', async (claims) => {
  await expect(verify(prove(HEADER, claims))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})

test.each<unknown>([
  { ...HEADER, alg: 'none' },
  { ...HEADER, alg: 5 },
  { ...HEADER, typ: 'JWT' },
  { ...HEADER, crit: ['x'] },
  { ...HEADER, b64: false, crit: ['b64'] },
  [],
  null,
])('nor does such a header: %j', async (header) => {
  await expect(verify(prove(header, CLAIMS))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})

import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROTOCOL_VERSION, PushResponse, type SignedCommand } from '#shared/protocol.ts'
import { SEAL_HEADER, sealText } from '#shared/push-seal.ts'
import { type Party, startTwoClinics, type TwoClinics } from '../test/two-clinics.ts'
import { register } from './test-commands.ts'

/** What a push may be but plain text with a signature for each command: sealed, and packed. */

let clinics: TwoClinics
let A: Party
let B: Party
beforeAll(async () => {
  clinics = await startTwoClinics()
  ;({ A, B } = clinics)
})
afterAll(() => clinics.close())

const printed = (commands: readonly SignedCommand[]): string =>
  JSON.stringify({ protocol: PROTOCOL_VERSION, commands })
const made = (): SignedCommand => A.desk.sign(register(A.desk, 'reception'))
const unsigned = (): SignedCommand => ({ ...made(), signature: made().signature })
const sealOf = (text: string, by = A): string => by.desk.signText(sealText(text)).signature

async function push(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  path = '/v1/push',
) {
  const response = await fetch(clinics.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${A.stationToken}`, ...headers },
    body,
  })
  const answer: unknown = await response.json()
  if (!response.ok) return answer
  return PushResponse.parse(answer).results.map(({ verdict, code }) => code ?? verdict)
}

test("the station's seal stands for the signatures of its commands", async () => {
  const text = printed([unsigned(), unsigned()])
  expect(await push(text)).toEqual(['BAD_SIGNATURE', 'BAD_SIGNATURE'])
  expect(await push(text, { [SEAL_HEADER]: sealOf(text) })).toEqual(['ACCEPTED', 'ACCEPTED'])
})

test.each<[string, (text: string) => string]>([
  ['of other commands', () => sealOf(printed([made()]))],
  ['by another station', (text) => sealOf(text, B)],
  ['that was made as the signature of a command', (text) => A.desk.signText(text).signature],
  ['cut short', (text) => sealOf(text).slice(0, 40)],
  ['of nothing', () => 'x'],
])('a seal %s is none: each signature is looked at', async (_, seal) => {
  const text = printed([made(), unsigned()])
  const answers = await push(text, { [SEAL_HEADER]: seal(text) })
  expect(answers).toEqual(['ACCEPTED', 'BAD_SIGNATURE'])
})

test('a seal brings in nothing of another station', async () => {
  const text = printed([B.desk.sign(register(B.desk, 'reception'))])
  expect(await push(text, { [SEAL_HEADER]: sealOf(text) })).toEqual(['INVALID'])
})

const PACKED = { 'content-encoding': 'gzip' }
const pack = (text: string) => new Uint8Array(gzipSync(text))

test('a push may come packed, long or short, and its seal is of the text', async () => {
  const short = printed([made()])
  expect(await push(pack(short), PACKED)).toEqual(['ACCEPTED'])
  const long = printed(Array.from({ length: 150 }, unsigned))
  const answers = await push(pack(long), { ...PACKED, [SEAL_HEADER]: sealOf(long) })
  expect(new Set(Array.isArray(answers) ? answers : [])).toEqual(new Set(['ACCEPTED']))
})

test('that it may is said in the answers to stations', async () => {
  const { headers } = await fetch(`${clinics.url}/v1/push`, {
    method: 'POST',
    headers: { authorization: `Bearer ${A.stationToken}` },
    body: printed([made()]),
  })
  expect(headers.get('accept-encoding')).toBe('gzip')
})

test('what unpacks to more than a push may hold is let go before it is unpacked', async () => {
  const bomb = pack(' '.repeat(200 * 1024 * 1024))
  const before = process.memoryUsage().rss
  expect(await push(bomb, PACKED)).toMatchObject({ ok: false, code: 'TOO_LARGE' })
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
})

test.each<[string, Uint8Array<ArrayBuffer>, string]>([
  ['not packed at all', new TextEncoder().encode(printed([])), '/v1/push'],
  ['cut short', pack(printed([])).slice(0, 20), '/v1/push'],
  ['packed twice', new Uint8Array(gzipSync(pack(printed([])))), '/v1/push'],
  ['not for a push', pack(printed([])), '/v1/pull'],
])('a body that says it is packed and is %s is refused', async (_, body, path) => {
  expect(await push(body, PACKED, path)).toMatchObject({ ok: false, code: 'INVALID' })
})

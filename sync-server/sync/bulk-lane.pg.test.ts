import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Checkpoint, PROTOCOL_VERSION, PullResponse, PushResponse } from '#shared/protocol.ts'
import { type Party, startTwoClinics, type TwoClinics } from '../test/two-clinics.ts'
import { register } from './test-commands.ts'

let clinics: TwoClinics
let A: Party
let B: Party
beforeAll(async () => {
  clinics = await startTwoClinics()
  ;({ A, B } = clinics)
})
afterAll(() => clinics.close())

async function ask(path: string, { stationToken }: Party, body: object): Promise<unknown> {
  const response = await clinics.fetch(
    new Request(clinics.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${stationToken}` },
      body: JSON.stringify({ protocol: PROTOCOL_VERSION, ...body }),
    }),
  )
  expect(response.status).toBe(200)
  return response.json()
}

async function page(checkpoint: Checkpoint | null): Promise<PullResponse> {
  const body = { checkpoint, limit: 5_000, lastCommand: 0 }
  return PullResponse.parse(await ask('/v1/pull', A, body))
}

test('beside the work of others a first sync comes in short pages, and whole', async () => {
  for (let part = 0; part < 4; part += 1) {
    await A.desk.push(...Array.from({ length: 150 }, () => register(A.desk, 'reception')))
  }
  const whole = await page(null)
  expect(whole).toMatchObject({ upToDate: true })
  const work = async () => {
    const commands = [B.desk.sign(register(B.desk, 'reception'))]
    const { results } = PushResponse.parse(await ask('/v1/push', B, { commands }))
    expect(results).toMatchObject([{ verdict: 'ACCEPTED' }])
  }
  await work()
  const came: PullResponse[] = []
  while (came.at(-1)?.upToDate !== true) {
    came.push(await page(came.at(-1)?.checkpoint ?? null))
    await work()
  }
  expect(came[0]?.documents).toHaveLength(250)
  expect(came.flatMap(({ documents }) => documents)).toEqual(whole.documents)
})

test('what a long push brings is accepted by that way', async () => {
  const long = Array.from({ length: 60 }, () =>
    A.desk.sign(register(A.desk, 'reception', { note: 'x'.repeat(500), address: 'y'.repeat(200) })),
  )
  const { results } = PushResponse.parse(await ask('/v1/push', A, { commands: long }))
  expect(new Set(results.map(({ verdict }) => verdict))).toEqual(new Set(['ACCEPTED']))
})

import { createServer, type IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startClock, SYSTEM_CLOCK } from '../replica/station-clock.ts'
import { makeKey, privateKeyObject, publicPart } from '../replica/station-key.ts'
import { serverLine } from './server-line.ts'
import { openCredential, type StationCredential } from './station-credential.ts'

type Answer = { status: number; body: object }

/** A credential at a server that answers so, or never; and what was asked of it. */
async function openAt(
  answer: (nth: number) => Answer | null,
): Promise<StationCredential & { asked: IncomingMessage[]; stop: AbortController }> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    const given = answer(asked.length)
    if (given === null) return
    response.writeHead(given.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(given.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const key = makeKey()
  const stop = new AbortController()
  const credential = openCredential({
    line: serverLine(`http://127.0.0.1:${address.port}`),
    clock: startClock(SYSTEM_CLOCK),
    key: privateKeyObject(key),
    publicKey: publicPart(key),
    refreshToken: () => 'r1',
    keepRefreshToken: () => undefined,
    stopped: stop.signal,
  })
  return { ...credential, asked, stop }
}

test('a renewal on a line that swallows everything ends when the station does', async () => {
  const { accessToken, asked, stop } = await openAt(() => null)
  const renewal = accessToken()
  await expect.poll(() => asked.length).toBe(1)
  stop.abort()
  await expect(renewal).rejects.toMatchObject({ code: 'OFFLINE' })
}, 5_000) // less than the renewal's own time limit

const REFUSED = {
  status: 401,
  body: { ok: false, code: 'UNAUTHENTICATED', details: { reason: 'DPoP proof' } },
}

test('a refusal is believed once another proof is refused too: the first may have come in twice', async () => {
  const tokens = { ok: true, accessToken: 'a', refreshToken: 'r2', expiresInSeconds: 900 }
  const doubled = await openAt((nth) => (nth === 1 ? REFUSED : { status: 200, body: tokens }))
  expect(await doubled.accessToken()).toBe('a')
  const proofs = doubled.asked.map(({ headers }) => String(headers['dpop']))
  expect(new Set(proofs).size).toBe(2)

  const locked = await openAt(() => REFUSED)
  await expect(locked.accessToken()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  expect(locked.asked).toHaveLength(2)
})

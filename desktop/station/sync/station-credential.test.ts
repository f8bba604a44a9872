import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { startClock, SYSTEM_CLOCK } from '../replica/station-clock.ts'
import { makeKey, privateKeyObject, publicPart } from '../replica/station-key.ts'
import { serverLine } from './server-line.ts'
import { openCredential } from './station-credential.ts'

test('a renewal on a line that swallows everything ends when the station does', async () => {
  const asked = Promise.withResolvers<void>()
  const silent = createServer(() => asked.resolve())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const key = makeKey()
  const stopping = new AbortController()
  const { accessToken } = openCredential({
    line: serverLine(`http://127.0.0.1:${address.port}`),
    clock: startClock(SYSTEM_CLOCK),
    key: privateKeyObject(key),
    publicKey: publicPart(key),
    refreshToken: () => 'r1',
    keepRefreshToken: () => undefined,
    stopped: stopping.signal,
  })
  const renewal = accessToken()
  await asked.promise
  stopping.abort()
  await expect(renewal).rejects.toMatchObject({ code: 'OFFLINE' })
  silent.closeAllConnections()
  silent.close()
}, 5_000) // less than the renewal's own time limit

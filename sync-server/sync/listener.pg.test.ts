import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { openListener } from './listener.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('closes whenever it is told to, while it still connects too', async () => {
  const databaseUrl = database.appUrl
  const log = pino({ level: 'silent' })
  const channels = ['dawr_test']
  const nothing = (): void => undefined
  // Before it connects, in the midst of it, and after, on a machine of whatever speed.
  for (let half = 0; half < 40; half += 1) {
    const listener = openListener(
      { databaseUrl, log },
      { channels, onMessage: nothing, onReady: nothing },
    )
    await pause(half / 2)
    const closed = listener.close().then(() => 'CLOSED')
    expect(await Promise.race([closed, pause(5_000, `open after ${half / 2} ms`)])).toBe('CLOSED')
  }
  await new Promise<void>((resolve) => {
    const listening = { channels, onMessage: nothing, onReady: () => resolve(listener.close()) }
    const listener = openListener({ databaseUrl, log }, listening)
  })
})

import pg from 'pg'
import { expect, test } from 'vitest'
import { settleAll } from './clinic-tx.ts'

function refused(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('refused', 7, 'error'), { code })
}

test('what is reported is why a transaction failed, however late that is heard', async () => {
  const cause = refused('23514')
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(cause), 5))
  const behind = Promise.reject(refused('25P02'))
  await expect(settleAll([behind, late, Promise.resolve(1)])).rejects.toBe(cause)
})

test('it waits for all, and gives what each gave', async () => {
  let isDone = false
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => (isDone = true))
  await expect(settleAll([Promise.reject(refused('25P02')), slow])).rejects.toThrow('refused')
  expect(isDone).toBe(true)
  expect(await settleAll([Promise.resolve('a'), slow])).toEqual(['a', true])
})

import { expect, test } from 'vitest'
import { createGate } from './gate.ts'

test('lets so many in at a time, in the order they came, whatever becomes of those inside', async () => {
  const gate = createGate(2)
  const begun: number[] = []
  let inside = 0
  let most = 0
  const work = (number: number) =>
    gate.run(async () => {
      begun.push(number)
      inside += 1
      most = Math.max(most, inside)
      await Promise.resolve()
      inside -= 1
      if (number % 3 === 0) throw new Error(String(number))
      return number
    })
  const numbers = [1, 2, 3, 4, 5, 6, 7]
  const settled = await Promise.allSettled(numbers.map(work))
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect(begun).toEqual(numbers)
  expect(most).toBe(2)
  expect(await work(8)).toBe(8)
})

test('says when the last has left, and at once when nobody is there', async () => {
  const gate = createGate(1)
  await gate.empty()
  const said: string[] = []
  const work = (name: string) =>
    gate.run(async () => {
      await Promise.resolve()
      said.push(name)
    })
  const both = [work('first'), work('second')]
  await gate.empty()
  expect(said).toEqual(['first', 'second'])
  await Promise.all(both)
})

test('what nobody waits for goes last, whoever came later', async () => {
  const gate = createGate(1)
  const done: string[] = []
  const work = (name: string) => async () => {
    await Promise.resolve()
    done.push(name)
  }
  await Promise.all([
    gate.run(work('first')),
    gate.runLast(work('last')),
    gate.runLast(work('very last')),
    gate.run(work('second')),
    gate.run(work('third')),
  ])
  expect(done).toEqual(['first', 'second', 'third', 'last', 'very last'])
  await gate.runLast(work('alone'))
  expect(done.at(-1)).toBe('alone')
})

test('does nothing for who is gone when their turn comes, and turns away who comes behind too many', async () => {
  const gate = createGate(1, 2)
  const done: string[] = []
  const doing = (name: string) => () => Promise.resolve(void done.push(name))
  const free = Promise.withResolvers<void>()
  const first = gate.run(() => free.promise)
  let isGone = false
  const second = gate.run(doing('second'), () => isGone)
  const third = gate.run(doing('third'))
  await expect(gate.run(doing('fourth'))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { retryAfterSeconds: 5 },
  })
  isGone = true
  free.resolve()
  await Promise.all([first, third])
  await expect(second).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(done).toEqual(['third'])
})

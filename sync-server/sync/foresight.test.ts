import { expect, test } from 'vitest'
import { createForesight } from './foresight.ts'

function counting() {
  let made = 0
  const foresight = createForesight((answers) => {
    made += 1
    return answers.includes('broken')
      ? Promise.reject(new Error('broken'))
      : Promise.resolve(answers.join('+'))
  })
  return { ...foresight, made: () => made }
}

test('what was foreseen is made once', async () => {
  const { foresee, of, made } = counting()
  foresee(['a', 'b'])
  expect(await of(['a', 'b'])).toBe('a+b')
  expect(made()).toBe(1)
})

test.each([
  ['other answers', ['a', 'c']],
  ['fewer', ['a']],
  ['more', ['a', 'b', 'c']],
])('%s than were foreseen are made anew', async (_, answers) => {
  const { foresee, of, made } = counting()
  foresee(['a', 'b'])
  expect(await of(answers)).toBe(answers.join('+'))
  expect(made()).toBe(2)
})

test('of several the last counts, and what failed unasked troubles nobody', async () => {
  const { foresee, of, made } = counting()
  foresee(['broken'])
  foresee(['a'])
  expect(await of(['a'])).toBe('a')
  expect(made()).toBe(2)
  foresee(['broken'])
  await expect(of(['broken'])).rejects.toThrow('broken')
})

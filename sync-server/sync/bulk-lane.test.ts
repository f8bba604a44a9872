import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ClinicId, StationId } from '#shared/ids.ts'
import { MAX_PULL_DOCUMENTS } from '#shared/protocol.ts'
import { CLINIC, idOf } from '#shared/test-values.ts'
import { createBulkLane } from './bulk-lane.ts'

const station = idOf<StationId>(1)
const { signal } = new AbortController()
const asked = { clinicId: CLINIC, signal }

test('who begins, and who is not at the end, comes by it; who has caught up does not', () => {
  const lane = createBulkLane(() => 0)
  const checkpoint = { epoch: 'e', clinicId: CLINIC, seq: 1 }
  expect(lane.has(station, { checkpoint: null })).toBe(true)
  expect(lane.has(station, { checkpoint: null, part: { is: 'TODAY' } })).toBe(false)
  expect(lane.has(station, { checkpoint, part: { is: 'HISTORY', before: 9 } })).toBe(true)
  expect(lane.has(station, { checkpoint })).toBe(false)
  lane.note(station, false)
  expect(lane.has(station, { checkpoint })).toBe(true)
  lane.note(station, true)
  expect(lane.has(station, { checkpoint })).toBe(false)
})

test('one page is made at a time, in the order asked, and one that fails stops none', async () => {
  const lane = createBulkLane(() => 0)
  const said: string[] = []
  const page = (name: string, fails = false) =>
    lane.run(asked, async () => {
      said.push(`begin ${name}`)
      await Promise.resolve()
      said.push(`end ${name}`)
      if (fails) throw new Error(name)
      return name
    })
  const made = await Promise.allSettled([page('a'), page('b', true), page('c')])
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(said).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c'])
})

test('for whom nobody waits any more nothing is made, and too many are told to come back', async () => {
  const lane = createBulkLane(() => 0)
  const gate = Promise.withResolvers<void>()
  const first = lane.run(asked, () => gate.promise)
  const gone = new AbortController()
  const left = lane.run({ clinicId: CLINIC, signal: gone.signal }, () =>
    expect.fail('made for nobody'),
  )
  gone.abort()
  const others = Array.from({ length: 48 }, (_, index) =>
    lane.run(asked, () => Promise.resolve(index)),
  )
  await expect(lane.run(asked, () => Promise.resolve(0))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { retryAfterSeconds: 5 },
  })
  gate.resolve()
  await first
  await expect(left).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await Promise.all(others)).toHaveLength(48)
  expect(await lane.run(asked, () => Promise.resolve('free again'))).toBe('free again')
})

test('clinics take turns: five desks of one hold another up by one page', async () => {
  const lane = createBulkLane(() => 0)
  const made: string[] = []
  const ask = (clinic: number, name: string) =>
    lane.run({ clinicId: idOf<ClinicId>(clinic), signal }, () => {
      made.push(name)
      return setImmediate()
    })
  const large = ['a1', 'a2', 'a3', 'a4', 'a5'].map((name) => ask(1, name))
  // As desks do: the next page is asked for when the one before it has come.
  const small = ask(2, 'b1')
    .then(() => ask(2, 'b2'))
    .then(() => ask(2, 'b3'))
  await Promise.all([...large, small, ask(3, 'c1')])
  expect(made).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'b3', 'a4', 'a5'])
})

test('one clinic does not take all the places: the last of the most is told to come back', async () => {
  const lane = createBulkLane(() => 0)
  const gate = Promise.withResolvers<void>()
  const ask = (clinic: number) =>
    lane.run({ clinicId: idOf<ClinicId>(clinic), signal }, () => gate.promise)
  const large = Array.from({ length: 50 }, () => ask(1))
  const small = [ask(2), ask(2), ask(3)]
  await expect(Promise.race([large[49], large[48], large[47]])).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
  gate.resolve()
  expect((await Promise.allSettled(large)).map(({ status }) => status)).toEqual([
    ...Array.from({ length: 47 }, () => 'fulfilled'),
    ...Array.from({ length: 3 }, () => 'rejected'),
  ])
  expect(await Promise.all(small)).toHaveLength(3)
})

test('beside work pages are short, and leave three times as long as each took; otherwise not', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  let now = 10_000
  const lane = createBulkLane(() => now)
  let begun = 0
  const page = () =>
    lane.run(asked, () => {
      begun += 1
      now += 40
      return Promise.resolve()
    })
  expect(lane.longestPage()).toBe(MAX_PULL_DOCUMENTS)
  const first = [page(), page()]
  await vi.advanceTimersByTimeAsync(1)
  expect(begun).toBe(2)
  lane.notePush()
  expect(lane.longestPage()).toBe(250)
  const beside = [page(), page()]
  await vi.advanceTimersByTimeAsync(118)
  expect(begun).toBe(3)
  await vi.advanceTimersByTimeAsync(3)
  expect(begun).toBe(4)
  await Promise.all([...first, ...beside])
  now += 1_000
  expect(lane.longestPage()).toBe(MAX_PULL_DOCUMENTS)
})

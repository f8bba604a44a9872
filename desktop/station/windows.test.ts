import { expect, test } from 'vitest'
import { AppError } from '#shared/errors.ts'
import { FromStation } from './contract/messages.ts'
import type { LogLine } from './station-log.ts'
import { NOTHING } from './views/change.ts'
import type { View } from './views/view.ts'
import { openWindows, type Windows } from './windows.ts'

interface TestWindow {
  windows: Windows
  logged: LogLine[]
  received: FromStation[]
  send: (message: unknown) => void
  close: () => void
}

function openWindow(
  view: View,
  act: () => Promise<unknown> = () => Promise.resolve({}),
): TestWindow {
  const received: FromStation[] = []
  const logged: LogLine[] = []
  let send: (message: unknown) => void = () => undefined
  let close: () => void = () => undefined
  // Cast: any action is answered alike here
  const windows = openWindows(
    { act: act as never, view: () => view, fileFailed: () => undefined },
    (line) => logged.push(line),
  )
  windows.connect({
    send: (message) => received.push(FromStation.parse(message)),
    onMessage: (listener) => void (send = listener),
    onClose: (listener) => void (close = listener),
  })
  return { windows, logged, received, send: (message) => send(message), close: () => close() }
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))
const change = { ...NOTHING, outbox: true }
const board = { type: 'watch', id: 1, query: 'board', params: {} }

test('what is not of the contract is refused, whatever it is', async () => {
  const { send, received } = openWindow({ compute: () => 1, dependsOn: () => true })
  const messages: unknown[] = [
    null,
    'watch',
    { type: 'drop', id: 7 },
    { type: 'act', id: 8, name: 'dropTables', input: {} },
    { type: 'act', id: 9, name: 'call', input: { visitId: 'x', by: 'me' } },
    { type: 'watch', id: 10, query: 'passwords', params: {} },
    { type: 'watch', id: 11, query: 'board', params: { clinicId: 'other' } },
  ]
  for (const message of messages) send(message)
  await turn()
  expect(received.map(({ type, id }) => `${type} ${id}`)).toEqual([
    'refused 1',
    'refused 1',
    'refused 7',
    'refused 8',
    'refused 10',
    'refused 11',
    'refused 9',
  ])
  expect(
    received.every((message) => message.type === 'refused' && message.code === 'INVALID'),
  ).toBe(true)
})

test('a refusal crosses as its code; a fault of ours as INTERNAL, and its words stay here', async () => {
  const errors = [new AppError('FORBIDDEN', { action: 'CALL' }), new Error('منى 01001234567')]
  const { send, received, logged } = openWindow({ compute: () => 1, dependsOn: () => true }, () =>
    Promise.reject(errors.shift() ?? new Error('no more')),
  )
  send({ type: 'act', id: 1, name: 'lock', input: {} })
  send({ type: 'act', id: 2, name: 'lock', input: {} })
  await turn()
  expect(received).toEqual([
    { type: 'refused', id: 1, code: 'FORBIDDEN', details: { action: 'CALL' } },
    { type: 'refused', id: 2, code: 'INTERNAL', details: {} },
  ])
  expect(logged).toHaveLength(1)
  expect(JSON.stringify(logged)).not.toContain('01001234567')
})

test('changes during a computation make one more, and only the last picture is sent', async () => {
  let computed = 0
  const waiting: (() => void)[] = []
  const { windows, send, received } = openWindow({
    dependsOn: ({ outbox }) => outbox,
    async compute() {
      computed += 1
      const number = computed
      await new Promise<void>((done) => waiting.push(done))
      return number
    },
  })
  send(board)
  for (let times = 0; times < 5; times += 1) windows.tell(change)
  waiting.shift()?.()
  await turn()
  expect([computed, received]).toEqual([2, []])
  waiting.shift()?.()
  await turn()
  expect(received).toEqual([{ type: 'view', id: 1, view: 2 }])
  windows.tell(NOTHING)
  await turn()
  expect(computed).toBe(2)
})

test('the same picture is not sent twice, and nothing after the watch is over', async () => {
  let value = 'one'
  const { windows, send, received, close } = openWindow({
    compute: () => value,
    dependsOn: () => true,
  })
  send(board)
  await turn()
  windows.tell(change)
  await turn()
  expect(received).toHaveLength(1)
  value = 'two'
  windows.tell(change)
  await turn()
  expect(received).toHaveLength(2)
  send({ type: 'unwatch', id: 1 })
  value = 'three'
  windows.tell(change)
  send({ ...board, id: 2 })
  await turn()
  close()
  value = 'four'
  windows.tell(change)
  await turn()
  expect(
    received.map((message) => (message.type === 'view' ? message.view : message.type)),
  ).toEqual(['one', 'two', 'three'])
})

test('a window that asks for it is told what changed, and a whole view where that is less', async () => {
  const rows = Array.from({ length: 50 }, (_, id) => ({ id, name: `مريض ${id}` }))
  let value: unknown = { rows }
  const { windows, send, received } = openWindow({ compute: () => value, dependsOn: () => true })
  send({ ...board, patches: true })
  send({ ...board, id: 2 })
  for (const next of [{ rows: rows.with(3, { id: 3, name: 'منى' }) }, { rows: [] }, null]) {
    await turn()
    value = next
    windows.tell(change)
  }
  await turn()
  expect(received.filter(({ id }) => id === 1).map(({ type }) => type)).toEqual([
    'view',
    'patch',
    'patch',
    'view',
  ])
  expect(received.filter(({ id }) => id === 2).map(({ type }) => type)).toEqual(
    Array.from({ length: 4 }, () => 'view'),
  )
  const [, patch] = received.filter(({ id }) => id === 1)
  expect(patch).toEqual({
    type: 'patch',
    id: 1,
    patch: [
      '{',
      { rows: ['[', [[0, 3], { at: 3, patch: ['{', { name: ['=', 'منى'] }] }, [4, 46]]] },
    ],
  })
})

test('a view that refuses is over, and can be watched again', async () => {
  let isLocked = false
  const { windows, send, received } = openWindow({
    dependsOn: () => true,
    compute() {
      if (isLocked) throw new AppError('SESSION_LOCKED')
      return 'board'
    },
  })
  send(board)
  await turn()
  isLocked = true
  windows.tell(change)
  await turn()
  isLocked = false
  windows.tell(change)
  await turn()
  send(board)
  await turn()
  expect(received.map(({ type }) => type)).toEqual(['view', 'refused', 'view'])
})

import { expect, test } from 'vitest'
import { PROTOCOL_VERSION } from '#shared/protocol.ts'
import { answersFor, documentsFor } from './older-wire.ts'

const PATIENT = '{"collection":"patients","id":"a","seq":1,"doc":{"name":"أحمد"}}'
const LATER = '{"collection":"telepathy","id":"b","seq":2,"doc":{}}'

test('a station of an older version is sent what it knows, and nothing else', () => {
  expect(documentsFor(1, `${PATIENT},${LATER}`, 9)).toBe(PATIENT)
  expect(documentsFor(1, LATER, 9)).toBe('')
  expect(documentsFor(1, '', 9)).toBe('')
})

test('a kind that came later is left out too: an old desk would take a waiver for a payment', () => {
  const entry = (kind: string): string =>
    `{"collection":"entries","id":"c","seq":3,"doc":{"body":{"kind":"${kind}"}}}`
  expect(documentsFor(1, `${entry('WAIVER')},${entry('PAYMENT')}`, 9)).toBe(entry('PAYMENT'))
  const gone = '{"collection":"visits","id":"d","seq":4,"doc":null}'
  expect(documentsFor(1, gone, 9)).toBe(gone)
})

test('one of the newest is sent the page as it is', () => {
  const page = `${PATIENT},${LATER}`
  expect(documentsFor(9, page, 9)).toBe(page)
})

test('of an answer to a push too, whose verdict is told all the same', () => {
  const answer = (documents: string): string =>
    `{"commandId":"c","verdict":"ACCEPTED","code":null,"details":{"verdict":"ACCEPTED"},"documents":[${documents}]}`
  const told = answersFor(1, [answer(`${PATIENT},${LATER}`), answer(LATER)], 9)
  expect(told.map((text): unknown => JSON.parse(text))).toEqual([
    JSON.parse(answer(PATIENT)),
    JSON.parse(answer('')),
  ])
  expect(answersFor(9, [answer(LATER)], 9)).toEqual([answer(LATER)])
})

test('every version before the present one has its line', () => {
  for (let version = 1; version < PROTOCOL_VERSION; version += 1) {
    expect(documentsFor(version, LATER, PROTOCOL_VERSION)).toBe('')
  }
})

import { expect, test } from 'vitest'
import { layoutWidth, pageSize, printResult } from './printed-page.ts'

test('a receipt is 80 mm wide and as long as its text', () => {
  expect(layoutWidth('RECEIPT_80MM')).toBe(302)
  expect(pageSize('RECEIPT_80MM', 960)).toEqual({ width: 80_000, height: 254_000 })
})

test('a ticket of one line still has a length that drivers accept', () => {
  expect(pageSize('RECEIPT_80MM', 10)).toEqual({ width: 80_000, height: 40_000 })
})

test('sheets are sheets', () => {
  expect(pageSize('A5', 3_000)).toBe('A5')
  expect(layoutWidth('A4')).toBe(794)
})

test('what the person cancelled is not a failure', () => {
  expect(printResult(true, '')).toEqual({ ok: true })
  expect(printResult(false, 'Print job canceled')).toEqual({ ok: false, code: 'CANCELED' })
  expect(printResult(false, 'Invalid printer settings')).toEqual({ ok: false, code: 'FAILED' })
})

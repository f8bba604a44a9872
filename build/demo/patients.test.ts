import { describe, expect, test } from 'vitest'
import { normaliseArabic } from '../../shared/arabic.ts'
import { latinKey, latinKeysOfArabic } from '../../shared/latin-key.ts'
import { parseNationalId } from '../../shared/national-id.ts'
import { normalisePhone } from '../../shared/phone.ts'
import * as names from './names.ts'
import { generatePatients } from './patients.ts'

const patients = generatePatients({ count: 5_000, seed: 7 })

describe('generatePatients', () => {
  test('gives as many as asked, the same for the same seed, others for another', () => {
    expect(patients).toHaveLength(5_000)
    expect(generatePatients({ count: 5_000, seed: 7 })).toEqual(patients)
    expect(generatePatients({ count: 5_000, seed: 8 })).not.toEqual(patients)
  })

  test('a national ID agrees with birth date and sex, and is nobody else’s', () => {
    const ids = patients.map(({ nationalId }) => nationalId).filter((id) => id !== null)
    expect(new Set(ids).size).toBe(ids.length)
    const disagreeing = patients.filter(({ nationalId, birthDate, sex }) => {
      const parsed = nationalId === null ? null : parseNationalId(nationalId)
      if (parsed === null) return false
      if (!parsed.ok) return true
      return (
        (birthDate !== null && birthDate !== parsed.birthDate) ||
        (sex !== null && sex !== parsed.sex)
      )
    })
    expect(disagreeing).toEqual([])
  })

  test('phones follow the Egyptian plan', () => {
    const kinds = patients.flatMap(({ phones }) =>
      phones.map((phone) => normalisePhone(phone)?.kind),
    )
    expect(new Set(kinds)).toEqual(new Set(['MOBILE', 'LANDLINE']))
  })

  test('birth dates are past and nobody is older than 90', () => {
    const birthDates = patients.map(({ birthDate }) => birthDate).filter((date) => date !== null)
    expect(birthDates.filter((date) => date < '1936-11-22' || date > '2026-11-22')).toEqual([])
  })

  test('names are as common and as divided in spelling as in a real clinic', () => {
    const share = (pattern: RegExp) =>
      patients.filter(({ name }) => pattern.test(name)).length / patients.length
    expect(share(/محمد/)).toBeGreaterThan(0.3)
    expect(share(/^(أ|ا)حمد /)).toBeGreaterThan(0.02)
    expect(share(/أحمد/)).toBeGreaterThan(0.05)
    expect(share(/احمد/)).toBeGreaterThan(0.05)
    expect(share(/جرجس/)).toBeGreaterThan(0.005)
  })

  test('in English the names are Latin', () => {
    const english = generatePatients({ count: 500, seed: 7, language: 'en' })
    expect(english.filter(({ name }) => !/^[A-Za-z ]+$/.test(name))).toEqual([])
  })
})

test('98 of 100 common spellings in Latin find the Arabic name', () => {
  const pairs = Object.values(names).flatMap((table) =>
    table.flatMap(({ arabic, latin }) => latin.map((spelling) => ({ arabic, spelling }))),
  )
  const found = pairs.filter(({ arabic, spelling }) =>
    latinKeysOfArabic(normaliseArabic(arabic)).some((key) => key.startsWith(latinKey(spelling))),
  )
  expect(pairs.length).toBeGreaterThan(700)
  expect(found.length / pairs.length).toBeGreaterThan(0.98)
})

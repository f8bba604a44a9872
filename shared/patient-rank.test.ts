import { describe, expect, test } from 'vitest'
import { rankPatientHits } from './patient-rank.ts'
import type { SearchablePatient } from './patient-search.ts'

const TODAY = '2026-11-22'

function patient(name: string, more: Partial<SearchablePatient> = {}): SearchablePatient {
  return { id: name, name, phones: [], nationalId: null, fileNumber: null, ...more }
}

function ranked(input: string, ...hits: readonly SearchablePatient[]): string[] {
  const there = rankPatientHits(hits, input, TODAY).map(({ id }) => id)
  const back = rankPatientHits(hits.toReversed(), input, TODAY).map(({ id }) => id)
  expect(back).toEqual(there)
  return there
}

describe('rankPatientHits', () => {
  test('the given name before a later name, and whole before begun', () => {
    const hits = ['محمد علي', 'عليا محمد', 'علي حسن', 'علاء علي محمود'].map((name) => patient(name))
    expect(ranked('علي', ...hits)).toEqual(['علي حسن', 'عليا محمد', 'محمد علي', 'علاء علي محمود'])
  })

  test('words together, then in order, then not', () => {
    const hits = ['علي احمد حسن', 'احمد حسن علي', 'احمد علي حسن'].map((name) => patient(name))
    expect(ranked('احمد علي', ...hits)).toEqual(['احمد علي حسن', 'احمد حسن علي', 'علي احمد حسن'])
  })

  test('one name asked twice needs two', () => {
    expect(ranked('محمد محمد', patient('محمد علي'), patient('محمد محمد'))[0]).toBe('محمد محمد')
  })

  test('the one seen last before the one never seen', () => {
    const hits = [
      patient('منى علي', { id: 'never' }),
      patient('منى علي', { id: 'long ago', lastVisitAt: '2024-01-01T10:00:00.000Z' }),
      patient('منى علي', { id: 'last week', lastVisitAt: '2026-11-15' }),
    ]
    expect(ranked('مني', ...hits)).toEqual(['last week', 'long ago', 'never'])
  })

  test('vowels decide between names of the same consonants', () => {
    const hits = [patient('محمد'), patient('محمود')]
    expect(ranked('mahmoud', ...hits)).toEqual(['محمود', 'محمد'])
    expect(ranked('mohamed', ...hits)).toEqual(['محمد', 'محمود'])
  })

  test('a whole file number or phone before the end of a phone, before the beginning of either', () => {
    const hits = [
      patient('begun', { fileNumber: '45678' }),
      patient('end', { phones: ['+201001234567'] }),
      patient('whole', { fileNumber: '4567' }),
    ]
    expect(ranked('4567', ...hits)).toEqual(['whole', 'end', 'begun'])
  })

  test('with a name, the phone decides among equals', () => {
    const hits = [
      patient('علي حسن', { id: 'begins', phones: ['+201234999999'] }),
      patient('علي حسن', { id: 'ends', phones: ['+201001231234'] }),
    ]
    expect(ranked('علي 1234', ...hits)).toEqual(['ends', 'begins'])
  })

  test('a hit that nothing explains comes last', () => {
    expect(ranked('علي', patient('حسن'), patient('محمد علي'))).toEqual(['محمد علي', 'حسن'])
  })
})

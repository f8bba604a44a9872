import { describe, expect, it } from 'vitest'
import { RIGHTS, type VisitStatus } from '#shared/roles.ts'
import { stepsOf } from './steps.ts'

const row = (role: keyof typeof RIGHTS, status: VisitStatus, called = false) => ({
  status,
  actions: [...RIGHTS[role][status]],
  calledAt: called ? '2026-11-22T10:00:00Z' : null,
  balance: null,
})

describe('the steps of a row', () => {
  it('begin with the call, and once called with the way in', () => {
    expect(stepsOf(row('RECEPTION', 'WAITING'), false)[0]).toBe('CALL')
    expect(stepsOf(row('RECEPTION', 'WAITING', true), false)[0]).toBe('TO_DOCTOR')
    expect(stepsOf(row('ASSISTANT', 'WAITING', true), true)[0]).toBe('TO_ASSISTANT')
  })

  it('begin with what ends the present part of the visit', () => {
    expect(stepsOf(row('ASSISTANT', 'WITH_ASSISTANT'), true)[0]).toBe('SEND_TO_DOCTOR')
    expect(stepsOf(row('DOCTOR', 'WITH_ASSISTANT'), false)[0]).toBe('TO_DOCTOR')
    expect(stepsOf(row('DOCTOR', 'WITH_DOCTOR'), false)[0]).toBe('FINISH_VISIT')
    expect(stepsOf(row('RECEPTION', 'NO_SHOW'), false)[0]).toBe('RECALL')
  })

  it('offer nothing that the row does not allow', () => {
    const looking = stepsOf({ ...row('RECEPTION', 'WAITING'), actions: [] }, false)
    expect(looking).toEqual(['OPEN_PATIENT', 'REPRINT'])
    expect(stepsOf(row('RECEPTION', 'WITH_DOCTOR'), false)).not.toContain('FINISH_VISIT')
  })

  it('ask for money only while some is due', () => {
    const paid = { ...row('RECEPTION', 'WAITING'), balance: { minor: 0, currency: 'EGP' } } as const
    expect(stepsOf(paid, false)).not.toContain('TAKE_PAYMENT')
  })
})

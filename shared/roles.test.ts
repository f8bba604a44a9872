import { describe, expect, it } from 'vitest'
import {
  CommandName,
  isRecordCommand,
  isVisitCommand,
  RECORD_COMMANDS,
  type RecordRule,
  VISIT_COMMANDS,
} from './commands.ts'
import {
  Action,
  can,
  governingStatus,
  mayView,
  RIGHTS,
  Role,
  type StatusKey,
  VisitStatus,
} from './roles.ts'
import { isLawfulStep } from './visit-fold.ts'

const STATUSES: StatusKey[] = ['NONE', ...VisitStatus.options]

describe('can', () => {
  it('grants EDIT_FINAL_PRESCRIPTION to nobody', () => {
    for (const status of STATUSES) {
      expect(can(Role.options, status, 'EDIT_FINAL_PRESCRIPTION')).toBe(false)
    }
  })

  it('is the union over roles, and a narrowed role lends nothing to another', () => {
    for (const status of STATUSES) {
      for (const action of Action.options) {
        const alone = Role.options.filter((role) => can([role], status, action))
        expect(can(Role.options, status, action)).toBe(alone.length > 0)
        const narrowing = Object.fromEntries(alone.map((role) => [role, [action]]))
        expect(can(Role.options, status, action, narrowing)).toBe(false)
      }
    }
  })

  it('keeps clinical authorship to DOCTOR, for ADMIN too', () => {
    const clinical = [
      'WRITE_NOTES',
      'FINALIZE_PRESCRIPTION',
      'APPEND_ADDENDUM',
      'FINISH_VISIT',
    ] as const
    for (const status of STATUSES) {
      for (const action of clinical) {
        const others = Role.options.filter((role) => role !== 'DOCTOR')
        expect(can(others, status, action)).toBe(false)
      }
    }
    expect(can(['ADMIN', 'DOCTOR'], 'WITH_DOCTOR', 'FINALIZE_PRESCRIPTION')).toBe(true)
  })

  it('lets the desk do nothing to a patient in care but take money', () => {
    expect(RIGHTS.RECEPTION.WITH_DOCTOR).toEqual(['SETTLE_CONFLICT', 'TAKE_PAYMENT'])
    expect(can(['RECEPTION'], 'WITH_DOCTOR', 'CANCEL')).toBe(false)
    expect(can(['RECEPTION'], 'DONE', 'EDIT_PATIENT')).toBe(false)
  })

  it('lets INVENTORY touch no patient', () => {
    for (const status of STATUSES) expect(RIGHTS.INVENTORY[status]).toEqual(['MANAGE_STOCK'])
    expect(mayView(['INVENTORY'], 'QUEUE')).toBe(false)
    expect(mayView(['INVENTORY'], 'IDENTITY')).toBe(false)
    expect(mayView(['ACCOUNTANT'], 'CLINICAL')).toBe(false)
    expect(mayView(['ADMIN'], 'CLINICAL')).toBe(false)
  })

  it('the strictest status of the day governs', () => {
    expect(governingStatus([])).toBe('NONE')
    expect(governingStatus(['WAITING', 'WITH_DOCTOR'])).toBe('WITH_DOCTOR')
    expect(governingStatus(['WAITING', 'DONE'])).toBe('DONE')
    expect(governingStatus(['WAITING', 'WITH_ASSISTANT'])).toBe('WITH_ASSISTANT')
  })
})

describe('command -> action -> from/to status', () => {
  it.each(Object.entries(VISIT_COMMANDS))(
    '%s can be done by someone, and only by lawful steps',
    (_, rule) => {
      for (const from of rule.from) {
        expect(Role.options.some((role) => can([role], from, rule.action))).toBe(true)
        const lawful = (rule.to ?? []).filter((to) => to === from || isLawfulStep(from, to))
        expect(lawful).toEqual(rule.to ?? [])
      }
    },
  )

  it('no role may do a status action outside the statuses its command allows', () => {
    for (const rule of Object.values(VISIT_COMMANDS)) {
      const from: readonly VisitStatus[] = rule.from
      for (const status of VisitStatus.options) {
        if (from.includes(status)) continue
        expect(Role.options.filter((role) => can([role], status, rule.action))).toEqual([])
      }
    }
  })

  it.each(Object.entries(RECORD_COMMANDS))('%s is for somebody', (_, rule) => {
    const { action, judgedBy }: RecordRule = rule
    const asked = judgedBy === 'NONE' ? ['NONE' as const] : STATUSES
    expect(asked.some((status) => can(Role.options, status, action))).toBe(true)
  })

  it('every command has its row, or a rule of its own', () => {
    const others = CommandName.options.filter(
      (name) => !isVisitCommand(name) && !isRecordCommand(name),
    )
    expect(others).toEqual(['checkIn', 'settleConflict', 'undoLast'])
  })
})

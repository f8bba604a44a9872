import { describe, expect, it } from 'vitest'
import {
  type Command,
  CommandName,
  isVisitCommand,
  VISIT_COMMANDS,
  type Write,
} from './commands.ts'
import type { Entry } from './entry.ts'
import type { EntryId, UserId } from './ids.ts'
import { judgeCommand } from './judge.ts'
import type { JudgeContext } from './judge-context.ts'
import type { Currency } from './money.ts'
import { can, Role, VisitStatus } from './roles.ts'
import {
  CHECK_IN,
  CLINIC,
  holding,
  idOf,
  PATIENT,
  patientOf,
  PEOPLE,
  pick,
  SETTINGS,
  START,
  stampAt,
  STATIONS,
  transitionOf,
  visitOf,
  VISIT,
} from './test-values.ts'
import { MERGED_REASON, type Transition, type Visit, VisitField } from './visit.ts'
import { foldVisit } from './visit-fold.ts'

const author: UserId = pick(PEOPLE, 1)
const station = pick(STATIONS, 1)
const now = stampAt(600, station)

const PATHS: Record<VisitStatus, VisitStatus[]> = {
  WAITING: [],
  WITH_ASSISTANT: ['WITH_ASSISTANT'],
  WITH_DOCTOR: ['WITH_DOCTOR'],
  DONE: ['WITH_DOCTOR', 'DONE'],
  CANCELED: ['CANCELED'],
  NO_SHOW: ['NO_SHOW'],
}

function visitIn(status: VisitStatus): Visit {
  const steps = PATHS[status].map((step, index) =>
    transitionOf({ id: idOf(400 + index), status: step, at: stampAt(10 + index) }),
  )
  return visitOf({ transitions: [CHECK_IN, ...steps], status })
}

function commandOf(name: CommandName, writes: Write[], changes: Partial<Command> = {}): Command {
  return {
    commandId: idOf(900),
    stationId: station,
    seq: 1,
    name,
    by: author,
    at: now,
    seen: 0,
    writes,
    decision: null,
    ...changes,
  }
}

function contextOf(
  roles: Role[],
  visit: Visit | null,
  changes: Partial<JudgeContext> = {},
): JudgeContext {
  return {
    settings: SETTINGS,
    author: { roles, knownInactive: false, inactiveSince: null },
    clinicClosed: null,
    mayBeginWork: () => true,
    ...holding({ patients: [patientOf()], visits: visit === null ? [] : [visit] }),
    statusesOfPatient: () => (visit === null ? [] : [visit.status]),
    ...changes,
  }
}

function step(visit: Visit, status: VisitStatus, changes: Partial<Transition> = {}): Write {
  const made = transitionOf({
    id: idOf(500),
    status,
    at: now,
    by: author,
    stationId: station,
    ...changes,
  })
  const transitions = [...visit.transitions, made]
  const next = { ...visit, transitions, status: foldVisit(transitions).status }
  return { collection: 'visits', id: visit.id, base: visit, next }
}

function payment(changes: Partial<Entry> = {}): Entry {
  return {
    id: idOf<EntryId>(600),
    clinicId: CLINIC,
    visitId: VISIT,
    patientId: PATIENT,
    queueDay: '2026-11-22',
    at: now,
    by: author,
    stationId: station,
    body: {
      kind: 'PAYMENT',
      amount: { minor: 30_000, currency: 'EGP' },
      method: 'CASH',
      receipt: { letter: 'B', number: 1 },
    },
    ...changes,
  }
}

describe('judgeCommand, steps of a visit', () => {
  const stepping = CommandName.options.filter(isVisitCommand).filter((name) => {
    return VISIT_COMMANDS[name].to !== null && name !== 'mergeVisits'
  })

  it('accepts exactly what roles x status and the command table allow', () => {
    let accepted = 0
    for (const name of stepping) {
      const rule = VISIT_COMMANDS[name]
      const [to] = rule.to ?? []
      for (const status of VisitStatus.options) {
        for (const role of Role.options) {
          if (to === undefined || to === status) continue
          const visit = visitIn(status)
          const { verdict } = judgeCommand(
            commandOf(name, [step(visit, to)]),
            contextOf([role], visit),
          )
          const from: readonly VisitStatus[] = rule.from
          const allowed = from.includes(status) && can([role], status, rule.action)
          expect({ name, status, role, verdict }).toEqual({
            name,
            status,
            role,
            verdict: allowed ? 'ACCEPTED' : 'REJECTED',
          })
          if (allowed) accepted += 1
        }
      }
    }
    expect(accepted).toBeGreaterThan(15)
  })

  it('judges by the history seen, not by what became of it', () => {
    const seen = visitIn('WAITING')
    const master = visitIn('CANCELED')
    const command = commandOf('startVisit', [step(seen, 'WITH_DOCTOR')])
    const unaware = contextOf(['DOCTOR'], master, holding({ visits: [seen] }))
    expect(judgeCommand(command, unaware).verdict).toBe('ACCEPTED')
    expect(judgeCommand(command, contextOf(['DOCTOR'], master))).toMatchObject({
      verdict: 'REJECTED',
      code: 'UNLAWFUL_STEP',
    })
  })

  it('refuses a forged author, time, station or altered history', () => {
    const visit = visitIn('WAITING')
    const context = contextOf(['DOCTOR'], visit)
    const forged: Write[] = [
      step(visit, 'WITH_DOCTOR', { by: pick(PEOPLE, 0) }),
      step(visit, 'WITH_DOCTOR', { at: stampAt(1) }),
      step(visit, 'WITH_DOCTOR', { stationId: pick(STATIONS, 0) }),
      step(visit, 'DONE'),
    ]
    const base = visitIn('WITH_ASSISTANT')
    const dropped = step(base, 'WITH_DOCTOR')
    if (dropped.collection === 'visits') {
      forged.push({
        ...dropped,
        next: {
          ...dropped.next,
          transitions: dropped.next.transitions.filter((s) => s.status !== 'WITH_ASSISTANT'),
        },
      })
    }
    const repriced = step(visit, 'WITH_DOCTOR')
    if (repriced.collection === 'visits') {
      forged.push({ ...repriced, next: { ...repriced.next, fee: { minor: 0, currency: 'EGP' } } })
      forged.push({ ...repriced, next: { ...repriced.next, ticket: { letter: 'A', number: 2 } } })
      forged.push({ ...repriced, next: { ...repriced.next, priority: 'URGENT' } })
    }
    for (const write of forged) {
      const judged = judgeCommand(commandOf('startVisit', [write]), context)
      expect(judged).toMatchObject({ verdict: 'REJECTED', code: 'NOT_THE_COMMAND' })
    }
  })

  it('undo is the own last step within two minutes', () => {
    const done = transitionOf({
      id: idOf(402),
      status: 'DONE',
      at: stampAt(500, station),
      by: author,
      stationId: station,
    })
    const started = visitIn('WITH_DOCTOR')
    const visit = visitOf({ transitions: [...started.transitions, done], status: 'DONE' })
    const undo = step(visit, 'DONE', { undoes: done.id })
    const context = contextOf(['DOCTOR'], visit)
    expect(judgeCommand(commandOf('undoLast', [undo]), context).verdict).toBe('ACCEPTED')
    const late = stampAt(700, station)
    const lateUndo = step(visit, 'DONE', { undoes: done.id, at: late })
    expect(judgeCommand(commandOf('undoLast', [lateUndo], { at: late }), context)).toMatchObject({
      code: 'UNDO_LATE',
    })
  })
})

describe('judgeCommand, a place in line given by hand', () => {
  const skipped = visitOf({ priority: 'URGENT', boosted: false })
  const mark = { at: now, by: author }

  function moved(changes: Partial<Visit>): string {
    const marks: Visit['marks'] = {}
    for (const field of VisitField.options) if (Object.hasOwn(changes, field)) marks[field] = mark
    const next = { ...skipped, ...changes, marks }
    const write: Write = { collection: 'visits', id: skipped.id, base: skipped, next }
    const judged = judgeCommand(commandOf('reorder', [write]), contextOf(['RECEPTION'], skipped))
    return 'code' in judged ? judged.code : judged.verdict
  }

  it('says why, and gives back no boost', () => {
    const orderKey = stampAt(-5)
    expect(moved({ orderKey, orderReason: 'باتفاقهم' })).toBe('ACCEPTED')
    expect(moved({ orderKey })).toBe('REASON_MISSING')
    expect(moved({ orderKey, orderReason: ' ' })).toBe('REASON_MISSING')
    expect(moved({ orderKey, orderReason: 'باتفاقهم', boosted: true })).toBe('NOT_THE_COMMAND')
    expect(moved({ doctorId: author, orderReason: 'باتفاقهم' })).toBe('NOT_THE_COMMAND')
  })
})

describe('judgeCommand, merged visits', () => {
  const merge = visitIn('WAITING')
  const other = visitOf({ id: idOf(720) })

  function merging(keep: Visit, changes: Partial<Transition> = {}): Command {
    const write = step(merge, 'CANCELED', { reason: MERGED_REASON, ...changes })
    if (write.collection !== 'visits') throw new TypeError('a step is of a visit')
    const marks = { mergedInto: { at: now, by: author } }
    return commandOf('mergeVisits', [
      { ...write, next: { ...write.next, mergedInto: keep.id, marks } },
    ])
  }

  function judged(command: Command, ...visits: Visit[]): unknown {
    const context = contextOf(['RECEPTION'], merge, holding({ visits }))
    const { verdict, ...rest } = judgeCommand(command, context)
    return 'code' in rest ? rest.code : verdict
  }

  it('goes into a visit of the same patient, doctor and day, which still stands', () => {
    expect(judged(merging(other), merge, other)).toBe('ACCEPTED')
    expect(judged(merging(other), merge)).toBe('NOT_FOUND')
    expect(judged(merging(other), merge, { ...other, patientId: idOf(721) })).toBe('NOT_FOUND')
    expect(judged(merging(other), merge, { ...other, doctorId: idOf(722) })).toBe('INVALID')
    expect(judged(merging(other), merge, { ...other, queueDay: '2026-11-21' })).toBe('INVALID')
    for (const status of VisitStatus.options) {
      const gone = status === 'CANCELED' || status === 'NO_SHOW'
      expect(judged(merging(other), merge, { ...other, status })).toBe(
        gone ? 'UNLAWFUL_STEP' : 'ACCEPTED',
      )
    }
    expect(judged(merging(other, { reason: null }), merge, other)).toBe('NOT_THE_COMMAND')
  })

  it('is judged by what its author had seen of the visit kept', () => {
    const canceled = { ...other, status: 'CANCELED' as const }
    const context = contextOf(['RECEPTION'], merge, {
      ...holding({ visits: [merge, canceled] }),
      findSeen: holding({ visits: [merge, other] }).findSeen,
    })
    expect(judgeCommand(merging(other), context).verdict).toBe('ACCEPTED')
  })

  it('is undone whole: the cancellation with the merge, and no other step with it', () => {
    const at = stampAt(610, station)
    const by = { at, by: author }
    const undoing = (visit: Visit, undone: Visit): Command =>
      commandOf('undoLast', [{ collection: 'visits', id: visit.id, base: visit, next: undone }], {
        at,
      })
    const [write] = merging(other).writes
    if (write?.collection !== 'visits') throw new TypeError('a merge writes a visit')
    const merged = write.next
    const last = merged.transitions.at(-1)
    const undo = step(merged, 'CANCELED', { id: idOf(501), at, undoes: last?.id ?? null })
    if (undo.collection !== 'visits') throw new TypeError('a step is of a visit')
    const marks = { ...merged.marks, mergedInto: by }
    const whole = { ...undo.next, mergedInto: null, marks }
    expect(judged(undoing(merged, whole), merged, other)).toBe('ACCEPTED')
    expect(judged(undoing(merged, undo.next), merged, other)).toBe('NOT_THE_COMMAND')
    expect(judged(undoing(merged, { ...whole, mergedInto: idOf(723) }), merged, other)).toBe(
      'NOT_THE_COMMAND',
    )
    // Nor by a base that hides the merge: what is undone, the steps say.
    const hidden = { ...merged, mergedInto: null, marks: {} }
    const half = { ...undo.next, mergedInto: null, marks: {} }
    expect(judged(undoing(hidden, half), merged, other)).toBe('NOT_THE_COMMAND')
    const started = transitionOf({
      id: idOf(502),
      status: 'WITH_ASSISTANT',
      at: now,
      by: author,
      stationId: station,
    })
    const inCare = visitOf({
      transitions: [CHECK_IN, started],
      status: 'WITH_ASSISTANT',
      mergedInto: other.id,
    })
    const back = step(inCare, 'WITH_ASSISTANT', { id: idOf(503), at, undoes: started.id })
    if (back.collection !== 'visits') throw new TypeError('a step is of a visit')
    const cleared = { ...back.next, mergedInto: null, marks: { mergedInto: by } }
    expect(judged(undoing(inCare, back.next), inCare, other)).toBe('ACCEPTED')
    expect(judged(undoing(inCare, cleared), inCare, other)).toBe('NOT_THE_COMMAND')
  })
})

describe('judgeCommand, check-in and money', () => {
  const fresh = visitOf({
    id: idOf(700),
    orderKey: now,
    created: { at: now, by: author, stationId: station },
    transitions: [transitionOf({ id: idOf(701), at: now, by: author, stationId: station })],
  })
  const visitWrite: Write = { collection: 'visits', id: fresh.id, base: null, next: fresh }
  const paid = payment({ visitId: fresh.id })
  const paidWrite: Write = { collection: 'entries', id: paid.id, base: null, next: paid }

  it('takes visit, new patient and payment in one command', () => {
    const newPatient = patientOf({
      id: idOf(702),
      created: { at: now, by: author, stationId: station },
    })
    const visit = { ...fresh, patientId: newPatient.id }
    const writes: Write[] = [
      { collection: 'patients', id: newPatient.id, base: null, next: newPatient },
      { ...visitWrite, next: visit },
      { ...paidWrite, next: { ...paid, patientId: newPatient.id } },
    ]
    expect(judgeCommand(commandOf('checkIn', writes), contextOf(['RECEPTION'], null)).verdict).toBe(
      'ACCEPTED',
    )
    const stranger: Write[] = writes.slice(1)
    expect(
      judgeCommand(commandOf('checkIn', stranger), contextOf(['RECEPTION'], null)),
    ).toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('holds new work without a subscription, and never what finishes an open visit', () => {
    const context = contextOf(['RECEPTION'], null, { mayBeginWork: () => false })
    expect(judgeCommand(commandOf('checkIn', [visitWrite, paidWrite]), context)).toMatchObject({
      verdict: 'HELD',
      code: 'SUBSCRIPTION',
    })
    const open = visitIn('WITH_DOCTOR')
    const finishing = contextOf(['DOCTOR'], open, { mayBeginWork: () => false })
    expect(judgeCommand(commandOf('finishVisit', [step(open, 'DONE')]), finishing).verdict).toBe(
      'ACCEPTED',
    )
  })

  it('quarantines what was made after a deactivation the station had not heard of', () => {
    const since = START + 300_000
    const unaware = { roles: ['RECEPTION' as const], knownInactive: false, inactiveSince: since }
    const command = commandOf('checkIn', [visitWrite])
    expect(judgeCommand(command, contextOf([], null, { author: unaware }))).toMatchObject({
      verdict: 'HELD',
      code: 'QUARANTINED',
    })
    const earlier = { ...unaware, inactiveSince: START + 900_000 }
    expect(judgeCommand(command, contextOf([], null, { author: earlier })).verdict).toBe('ACCEPTED')
    const known = { ...unaware, knownInactive: true }
    expect(judgeCommand(command, contextOf([], null, { author: known }))).toMatchObject({
      verdict: 'REJECTED',
      code: 'MEMBER_INACTIVE',
    })
    const closed = { known: false, since }
    expect(
      judgeCommand(command, contextOf(['RECEPTION'], null, { clinicClosed: closed })),
    ).toMatchObject({
      verdict: 'HELD',
      code: 'QUARANTINED',
    })
  })

  it('refunds at most what was paid, and the desk at most its limit', () => {
    const visit = visitIn('DONE')
    const refundOf = (minor: number): Command => {
      const entry = payment({
        id: idOf<EntryId>(601),
        body: {
          kind: 'REFUND',
          paymentId: idOf<EntryId>(600),
          amount: { minor, currency: 'EGP' },
          method: 'CASH',
          reason: 'لم يحضر الطبيب',
        },
      })
      return commandOf('refund', [{ collection: 'entries', id: entry.id, base: null, next: entry }])
    }
    const context = (role: Role, refunds: Entry[] = []): JudgeContext =>
      contextOf([role], visit, holding({ visits: [visit], entries: [payment(), ...refunds] }))
    expect(judgeCommand(refundOf(10_000), context('RECEPTION')).verdict).toBe('ACCEPTED')
    expect(judgeCommand(refundOf(10_001), context('RECEPTION'))).toMatchObject({
      code: 'REFUND_OVER_LIMIT',
    })
    expect(judgeCommand(refundOf(30_000), context('ACCOUNTANT')).verdict).toBe('ACCEPTED')
    expect(judgeCommand(refundOf(30_001), context('ADMIN'))).toMatchObject({
      code: 'REFUND_OVER_PAID',
    })
    const given = payment({
      id: idOf<EntryId>(602),
      body: {
        kind: 'REFUND',
        paymentId: idOf<EntryId>(600),
        amount: { minor: 30_000, currency: 'EGP' },
        method: 'CASH',
        reason: 'الكل',
      },
    })
    expect(judgeCommand(refundOf(1), context('ADMIN', [given]))).toMatchObject({
      code: 'REFUND_OVER_PAID',
    })
    expect(judgeCommand(refundOf(100), context('DOCTOR'))).toMatchObject({ code: 'FORBIDDEN' })
  })

  it('refunds to whom, for which day and in what was paid', () => {
    const context = contextOf(['ACCOUNTANT'], visitIn('DONE'), {
      ...holding({ visits: [visitIn('DONE')], entries: [payment()] }),
      settings: { ...SETTINGS, currency: 'SAR' },
    })
    const refundOf = (changes: Partial<Entry>, currency: Currency = 'EGP'): Command => {
      const entry = payment({
        id: idOf<EntryId>(601),
        body: {
          kind: 'REFUND',
          paymentId: idOf<EntryId>(600),
          amount: { minor: 100, currency },
          method: 'CASH',
          reason: 'لم يحضر الطبيب',
        },
        ...changes,
      })
      return commandOf('refund', [{ collection: 'entries', id: entry.id, base: null, next: entry }])
    }
    expect(judgeCommand(refundOf({}), context).verdict).toBe('ACCEPTED')
    const others: readonly (readonly [Command, string])[] = [
      [refundOf({ patientId: idOf(3) }), 'NOT_FOUND'],
      [refundOf({ queueDay: '2026-11-21' }), 'INVALID'],
      [refundOf({}, 'KWD'), 'INVALID'],
      [refundOf({}, 'SAR'), 'INVALID'],
    ]
    for (const [command, code] of others) {
      expect(judgeCommand(command, context)).toMatchObject({ verdict: 'REJECTED', code })
    }
  })

  it("takes money and names fees in the clinic's currency alone", () => {
    const entry = payment()
    const paid = { collection: 'entries', id: entry.id, base: null, next: entry } as const
    const visit = visitOf({
      transitions: [transitionOf({ id: idOf(300), at: now, by: author, stationId: station })],
      created: { at: now, by: author, stationId: station },
    })
    const arrived = { collection: 'visits', id: visit.id, base: null, next: visit } as const
    const judge = (command: Command, standing: Visit | null, currency: Currency) =>
      judgeCommand(
        command,
        contextOf(['RECEPTION'], standing, { settings: { ...SETTINGS, currency } }),
      )
    const paying = commandOf('takePayment', [paid])
    expect(judge(paying, visitIn('WAITING'), 'EGP').verdict).toBe('ACCEPTED')
    const refused = { verdict: 'REJECTED', details: { issues: ['currency'] } }
    expect(judge(paying, visitIn('WAITING'), 'KWD')).toMatchObject(refused)
    for (const writes of [[arrived], [arrived, paid]]) {
      expect(judge(commandOf('checkIn', writes), null, 'EGP').verdict).toBe('ACCEPTED')
      expect(judge(commandOf('checkIn', writes), null, 'KWD')).toMatchObject(refused)
    }
  })
})

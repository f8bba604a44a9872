import { describe, expect, it } from 'vitest'
import type { WritableCollection } from './collections.ts'
import {
  type Command,
  type CommandName,
  RECORD_COMMANDS,
  type RecordCommandName,
  type RecordRule,
  type Write,
  type WriteOf,
} from './commands.ts'
import type { EntryBody } from './entry.ts'
import type { FactId, PatientId, VisitId } from './ids.ts'
import { judgeCommand } from './judge.ts'
import type { JudgeContext } from './judge-context.ts'
import { can, Role, type StatusKey, VisitStatus } from './roles.ts'
import type { Stamp } from './stamp.ts'
import {
  appointmentOf,
  encounterOf,
  entryOf,
  holding,
  idOf,
  invoiceOf,
  labResultOf,
  patientOf,
  PEOPLE,
  pick,
  POUND,
  prescriptionOf,
  SETTINGS,
  stampAt,
  STATIONS,
  stockItemOf,
  VISIT,
  visitOf,
} from './test-values.ts'

const author = pick(PEOPLE, 2)
const stationId = pick(STATIONS, 1)
const now = stampAt(600, stationId)
const own = { at: now, by: author, stationId }
const mark = { at: now, by: author }

const known = {
  patient: patientOf(),
  encounter: encounterOf(),
  draft: prescriptionOf(),
  final: prescriptionOf({ id: idOf(801), status: 'FINAL' }),
  appointment: appointmentOf(),
  result: labResultOf({
    id: idOf(831),
    status: 'FILED',
    results: [{ id: idOf(832), ...own, at: stampAt(9), text: 'طبيعي', attachments: [] }],
  }),
  ordered: labResultOf(),
  item: stockItemOf(),
  invoice: invoiceOf(),
  payment: entryOf({
    kind: 'PAYMENT',
    amount: POUND(30_000),
    method: 'CASH',
    receipt: { letter: 'A', number: 1 },
  }),
}
/** In the order made; an invoice stands only where it is to be voided. */
const HELD: Parameters<typeof holding>[0] = {
  patients: [known.patient],
  encounters: [known.encounter],
  prescriptions: [known.draft, known.final],
  appointments: [known.appointment],
  labResults: [known.ordered, known.result],
  inventory: [known.item],
  entries: [known.payment],
}

function write<C extends WritableCollection>(
  collection: C,
  base: WriteOf<C>['base'],
  next: WriteOf<C>['next'],
): Write {
  // Cast: a write of that collection
  return { collection, id: next.id, base, next } as Write
}

function entry(body: EntryBody, changes: Parameters<typeof entryOf>[1] = {}): Write[] {
  return [write('entries', null, entryOf(body, { id: idOf(860), ...own, ...changes }))]
}

const NOWHERE = { visitId: null, patientId: null }
const fresh = { ...own, id: idOf<FactId>(870) }

/** One lawful act of each command. */
const ACTS: Record<
  Exclude<
    RecordCommandName,
    'registerPatient' | 'importPatients' | 'editPatient' | 'decideQuarantined'
  >,
  () => Write[]
> = {
  takePayment: () =>
    entry({
      kind: 'PAYMENT',
      amount: POUND(100),
      method: 'CASH',
      receipt: { letter: 'B', number: 1 },
    }),
  refund: () =>
    entry({
      kind: 'REFUND',
      paymentId: known.payment.id,
      amount: POUND(100),
      method: 'CASH',
      reason: 'زيادة',
    }),
  waiveFee: () => entry({ kind: 'WAIVER', amount: POUND(30_000), reason: 'قريب' }),
  voidInvoice: () => entry({ kind: 'INVOICE_VOID', invoiceId: known.invoice.id, reason: 'خطأ' }),
  appendAddendum: () =>
    entry({
      kind: 'ADDENDUM',
      relation: 'CANCELS',
      prescriptionId: known.final.id,
      replacementId: null,
      text: 'حساسية',
    }),
  countDrawer: () =>
    entry({ kind: 'DRAWER_SHIFT', closes: null, counted: POUND(500), note: null }, NOWHERE),
  moveStock: () =>
    entry(
      {
        kind: 'STOCK_MOVEMENT',
        itemId: known.item.id,
        reason: 'USED',
        quantity: -2,
        note: null,
      },
      NOWHERE,
    ),
  recordConsent: () =>
    entry({ kind: 'CONSENT', scope: 'SHARED_HISTORY', given: true }, { visitId: null }),
  openRecord: () => entry({ kind: 'RECORD_OPENED' }),
  issueInvoice: () => [write('invoices', null, invoiceOf({ id: idOf(811), created: own }))],
  bookAppointment: () => {
    const steps = [{ ...fresh, status: 'BOOKED' as const, visitId: null, reason: null }]
    return [write('appointments', null, appointmentOf({ id: idOf(822), created: own, steps }))]
  },
  moveAppointment: () => {
    const marks = { doctorId: mark, day: mark, time: mark, number: mark }
    const number = { letter: 'B', number: 4 }
    return [
      write('appointments', known.appointment, {
        ...known.appointment,
        time: '19:00',
        number,
        marks,
      }),
    ]
  },
  cancelAppointment: () => [booking('CANCELED')],
  markAppointmentMissed: () => [booking('NO_SHOW')],
  recordVitals: () => {
    const signs = { ...NO_SIGNS, pulse: 72 }
    const vitals = [{ ...fresh, signs, replaces: null }]
    return [write('encounters', known.encounter, { ...known.encounter, vitals })]
  },
  writeNotes: () => {
    const notes = { notes: 'سعال منذ أسبوع', marks: { notes: mark } }
    return [write('encounters', known.encounter, { ...known.encounter, ...notes })]
  },
  editAllergies: () => {
    const allergies = [
      {
        ...fresh,
        substance: 'بنسلين',
        reaction: null,
        severity: 'SEVERE' as const,
        retracts: null,
      },
    ]
    return [write('patients', known.patient, { ...known.patient, allergies })]
  },
  draftPrescription: () => [
    write('prescriptions', null, prescriptionOf({ id: idOf(802), doctorId: author, created: own })),
  ],
  finalizePrescription: () => {
    const final = prescriptionOf({
      id: idOf(803),
      doctorId: author,
      status: 'FINAL',
      draftId: known.draft.id,
      created: own,
    })
    const finals = [{ ...fresh, prescriptionId: final.id }]
    return [
      write('prescriptions', null, final),
      write('prescriptions', known.draft, { ...known.draft, finals }),
    ]
  },
  orderLab: () => [write('labResults', null, labResultOf({ id: idOf(833), created: own }))],
  fileResult: () => {
    const results = [{ ...fresh, text: '١٢', attachments: [] }]
    return [write('labResults', known.ordered, { ...known.ordered, results, status: 'FILED' })]
  },
  reviewResult: () => {
    const reviews = [{ ...fresh, resultIds: [idOf<FactId>(832)], note: null }]
    return [write('labResults', known.result, { ...known.result, reviews, status: 'REVIEWED' })]
  },
  saveStockItem: () => [
    write('inventory', known.item, { ...known.item, minimum: 9, marks: { minimum: mark } }),
  ],
}

const NO_SIGNS = {
  temperature: null,
  pulse: null,
  respiration: null,
  systolic: null,
  diastolic: null,
  oxygen: null,
  glucose: null,
  weight: null,
  height: null,
  note: null,
}

function booking(status: 'CANCELED' | 'NO_SHOW'): Write {
  const step = { ...fresh, status, visitId: null, reason: null }
  const steps = [...known.appointment.steps, step]
  return write('appointments', known.appointment, { ...known.appointment, steps, status })
}

function commandOf(name: CommandName, writes: Write[], at: Stamp = now): Command {
  return {
    commandId: idOf(900),
    stationId,
    seq: 1,
    name,
    by: author,
    at,
    seen: 0,
    writes,
    decision: null,
  }
}

/** The patient's only visit of today in that status; of a rule without one, none. */
function contextOf(
  roles: readonly Role[],
  status: StatusKey,
  more: Parameters<typeof holding>[0] = {},
): JudgeContext {
  const visits = status === 'NONE' ? [] : [visitOf({ status, doctorId: author })]
  return {
    settings: SETTINGS,
    author: { roles, knownInactive: false, inactiveSince: null },
    clinicClosed: null,
    mayBeginWork: () => true,
    ...holding({ ...HELD, visits, ...more }),
    statusesOfPatient: () => visits.map((visit) => visit.status),
  }
}

function outcome(command: Command, context: JudgeContext): string {
  const judgement = judgeCommand(command, context)
  return judgement.verdict === 'ACCEPTED' ? 'ACCEPTED' : judgement.code
}

function isMarksOnly(name: CommandName): boolean {
  return ['moveAppointment', 'writeNotes', 'saveStockItem'].includes(name)
}

const NAMES = Object.keys(ACTS) as (keyof typeof ACTS)[]
const withInvoice = { invoices: [known.invoice] }

describe('judgeCommand, records', () => {
  it.each(NAMES)('%s is accepted exactly where roles x status allow it', (name) => {
    const { action, judgedBy }: RecordRule = RECORD_COMMANDS[name]
    const more = name === 'voidInvoice' ? withInvoice : {}
    let accepted = 0
    for (const role of Role.options) {
      for (const visitStatus of VisitStatus.options) {
        const status = judgedBy === 'NONE' ? 'NONE' : visitStatus
        const context = contextOf([role], visitStatus, more)
        const allowed = can([role], status, action)
        const result = outcome(commandOf(name, ACTS[name]()), context)
        expect({ role, visitStatus, result }).toEqual({
          role,
          visitStatus,
          result: allowed ? 'ACCEPTED' : 'FORBIDDEN',
        })
        accepted += Number(allowed)
      }
    }
    expect(accepted).toBeGreaterThan(0)
  })

  it.each(NAMES)('%s forged in author, time or station is not the command', (name) => {
    const context = contextOf(Role.options, 'WITH_DOCTOR', withInvoice)
    const writes = ACTS[name]()
    for (const forged of [
      { ...commandOf(name, writes), by: pick(PEOPLE, 0) },
      commandOf(name, writes, stampAt(601, stationId)),
      // A mark does not say where it was made; the server knows whose the stamp is.
      ...(isMarksOnly(name) ? [] : [{ ...commandOf(name, writes), stationId: pick(STATIONS, 0) }]),
    ]) {
      expect(outcome(forged, context)).toBe('NOT_THE_COMMAND')
    }
    const [first] = writes
    const others = NAMES.filter((other) => other !== name)
    for (const other of others) {
      if (first === undefined) continue
      // An act under another name: a draft's change alone is also what settles nothing.
      const result = outcome(commandOf(other, writes), context)
      if (result !== 'ACCEPTED') continue
      expect(`${name} as ${other}`).toBe('refused')
    }
  })

  it('a final prescription is changed by nobody, under whatever name', () => {
    const next = { ...known.final, note: 'أخرى', marks: { note: mark } }
    for (const name of ['draftPrescription', 'finalizePrescription'] as const) {
      const command = commandOf(name, [write('prescriptions', known.final, next)])
      const result = outcome(command, contextOf(Role.options, 'WITH_DOCTOR'))
      expect(['FORBIDDEN', 'NOT_THE_COMMAND']).toContain(result)
    }
    const edit = commandOf('draftPrescription', [write('prescriptions', known.final, next)])
    expect(judgeCommand(edit, contextOf(Role.options, 'WITH_DOCTOR'))).toMatchObject({
      code: 'FORBIDDEN',
      details: { action: 'EDIT_FINAL_PRESCRIPTION' },
    })
    // Also one that claims to have seen a draft where a final one stands.
    const claimed = { ...known.final, status: 'DRAFT' as const }
    const disguised = commandOf('draftPrescription', [
      write('prescriptions', claimed, { ...claimed, note: 'أخرى', marks: { note: mark } }),
    ])
    expect(outcome(disguised, contextOf(Role.options, 'WITH_DOCTOR'))).toBe('FORBIDDEN')
  })

  it('notes of a visit that is done are completed until the cut-over, and not later', () => {
    const context = contextOf(['DOCTOR'], 'DONE')
    // 02:00 of the next morning in Cairo is still the same queue day; 05:30 is not.
    const at = (instant: string): Stamp =>
      stampAt((Date.parse(instant) - Date.parse('2026-11-22T07:00:00Z')) / 1_000, stationId)
    const noted = (stamp: Stamp): Command => {
      const marks = { notes: { at: stamp, by: author } }
      const next = { ...known.encounter, notes: 'متابعة', marks }
      return commandOf('writeNotes', [write('encounters', known.encounter, next)], stamp)
    }
    expect(outcome(noted(at('2026-11-23T00:00:00Z')), context)).toBe('ACCEPTED')
    expect(outcome(noted(at('2026-11-23T03:30:00Z')), context)).toBe('NOTES_CLOSED')
  })

  it('what it names must be there, and of the same patient and day', () => {
    const everybody = contextOf(Role.options, 'WITH_DOCTOR')
    const away = { ...everybody, ...holding({ ...HELD, visits: [] }) }
    for (const name of NAMES) {
      const { judgedBy }: RecordRule = RECORD_COMMANDS[name]
      if (judgedBy !== 'VISIT') continue
      expect(outcome(commandOf(name, ACTS[name]()), away), name).toBe('NOT_FOUND')
    }
    const elsewhere = {
      ...HELD,
      visits: [visitOf({ status: 'WITH_DOCTOR', patientId: idOf(999) })],
    }
    const notes = commandOf('writeNotes', ACTS.writeNotes())
    expect(outcome(notes, { ...everybody, ...holding(elsewhere) })).toBe('NOT_FOUND')
    const yesterday = {
      ...HELD,
      visits: [visitOf({ status: 'WITH_DOCTOR', queueDay: '2026-11-21' })],
    }
    expect(outcome(notes, { ...everybody, ...holding(yesterday) })).toBe('INVALID')
    const moved = commandOf('moveStock', ACTS.moveStock())
    const bare = { ...everybody, ...holding({ ...HELD, inventory: [] }) }
    expect(outcome(moved, bare)).toBe('NOT_FOUND')
  })

  it('a base that names another visit or patient does not choose the status it is judged by', () => {
    const other = { patientId: idOf<PatientId>(998), visitId: idOf<VisitId>(997) }
    const patients = [known.patient, patientOf({ id: other.patientId })]
    const visits = [
      visitOf({ status: 'WAITING', doctorId: author }),
      visitOf({ id: other.visitId, patientId: other.patientId, status: 'WITH_DOCTOR' }),
    ]
    const context = {
      ...contextOf(['DOCTOR'], 'WAITING'),
      ...holding({ ...HELD, patients, visits }),
      statusesOfPatient: (id: string) =>
        visits.filter(({ patientId }) => patientId === id).map(({ status }) => status),
    }
    const { draft, ordered } = known
    const note = { note: 'أخرى', marks: { note: mark } }
    const filing = { results: [{ ...fresh, text: 'طبيعي', attachments: [] }] }
    const forged: [CommandName, Write][] = [
      [
        'draftPrescription',
        write('prescriptions', { ...draft, ...other }, { ...draft, ...other, ...note }),
      ],
      [
        'fileResult',
        write(
          'labResults',
          { ...ordered, ...other },
          { ...ordered, ...other, ...filing, status: 'FILED' },
        ),
      ],
      [
        'fileResult',
        write(
          'labResults',
          { ...ordered, visitId: null, patientId: other.patientId },
          { ...ordered, visitId: null, patientId: other.patientId, ...filing, status: 'FILED' },
        ),
      ],
    ]
    for (const [name, moved] of forged) {
      expect(outcome(commandOf(name, [moved]), context), name).toBe('NOT_FOUND')
    }
    // Settling is asked of the visit that the draft stands on.
    const settled = { ...draft, ...other, settled: ['note:1'] }
    const settle = commandOf('settleConflict', [
      write('prescriptions', { ...draft, ...other }, settled),
    ])
    expect(outcome(settle, context)).toBe('FORBIDDEN')
  })

  it('a fee is waived once, an invoice stands alone, and what it adds up to is its sum', () => {
    const waived = entryOf({ kind: 'WAIVER', amount: POUND(1), reason: 'س' }, { id: idOf(861) })
    const context = contextOf(['DOCTOR'], 'WITH_DOCTOR', { entries: [waived] })
    expect(outcome(commandOf('waiveFee', ACTS.waiveFee()), context)).toBe('WAIVER_OVER_FEE')

    const issue = commandOf('issueInvoice', ACTS.issueInvoice())
    const desk = (more: Parameters<typeof holding>[0]): JudgeContext =>
      contextOf(['RECEPTION'], 'DONE', more)
    expect(outcome(issue, desk(withInvoice))).toBe('INVOICE_STANDS')
    const voided = entryOf({ kind: 'INVOICE_VOID', invoiceId: known.invoice.id, reason: 'خ' })
    expect(outcome(issue, desk({ ...withInvoice, entries: [voided] }))).toBe('ACCEPTED')
    const wrong = invoiceOf({ id: idOf(811), created: own, total: POUND(29_999) })
    expect(outcome(commandOf('issueInvoice', [write('invoices', null, wrong)]), desk({}))).toBe(
      'INVALID',
    )
    const again = contextOf(['ACCOUNTANT'], 'DONE', { ...withInvoice, entries: [voided] })
    expect(outcome(commandOf('voidInvoice', ACTS.voidInvoice()), again)).toBe('IMMUTABLE')
  })

  it('chronic conditions are for who sees them, and facts name facts of the same patient', () => {
    const condition = { ...fresh, name: 'ضغط', retracts: null }
    const added = commandOf('editAllergies', [
      write('patients', known.patient, { ...known.patient, conditions: [condition] }),
    ])
    expect(outcome(added, contextOf(['ASSISTANT'], 'WITH_ASSISTANT'))).toBe('FORBIDDEN')
    expect(outcome(added, contextOf(['DOCTOR'], 'WITH_DOCTOR'))).toBe('ACCEPTED')
    const nothing = { ...condition, retracts: idOf<FactId>(999) }
    const conditions = [nothing]
    const retracted = commandOf('editAllergies', [
      write('patients', known.patient, { ...known.patient, conditions }),
    ])
    expect(outcome(retracted, contextOf(['DOCTOR'], 'WITH_DOCTOR'))).toBe('NOT_FOUND')
  })

  it('only who is still expected is moved, cancelled or missed', () => {
    for (const status of ['ARRIVED', 'CANCELED', 'NO_SHOW'] as const) {
      const gone = contextOf(['RECEPTION'], 'WAITING', {
        appointments: [appointmentOf({ status })],
      })
      for (const name of [
        'moveAppointment',
        'cancelAppointment',
        'markAppointmentMissed',
      ] as const) {
        expect(outcome(commandOf(name, ACTS[name]()), gone)).toBe('UNLAWFUL_STEP')
      }
    }
  })

  it('an encounter may be begun by whoever comes first, a second time as well', () => {
    const begun = encounterOf({ created: own, notes: 'ألم', marks: { notes: mark } })
    const notes = commandOf('writeNotes', [write('encounters', null, begun)])
    expect(outcome(notes, contextOf(['DOCTOR'], 'WITH_DOCTOR'))).toBe('ACCEPTED')
    const unmarked = commandOf('writeNotes', [write('encounters', null, { ...begun, marks: {} })])
    expect(outcome(unmarked, contextOf(['DOCTOR'], 'WITH_DOCTOR'))).toBe('NOT_THE_COMMAND')
    expect(begun.id).toBe(VISIT)
  })
})

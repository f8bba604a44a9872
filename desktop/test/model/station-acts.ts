import type { ActionName } from '#desktop/station/contract/actions.ts'
import type { BoardView, InboxItem, VisitRow } from '#desktop/station/contract/queries.ts'
import type { Action } from '#shared/roles.ts'
import { draftOf, rowsOf } from '../support/desk-work.ts'
import { userIdOf } from '../support/station-in-process.ts'
import type { ActKind } from './history-plan.ts'
import type { ModelStation } from './model-world.ts'

/** What a person saw confirmed: from then on it may never be gone. */
export interface Confirmed {
  readonly station: number
  readonly name: ActionName
  readonly output: unknown
}

const LINES = [userIdOf('doctor'), userIdOf('doctor2')]
const NAMES = ['أحمد علي', 'فاطمة الزهراء', 'يحيى عمر', 'منى عبد الرحمن', 'هدى سامي'] as const
const TYPES = ['EXAMINATION', 'FOLLOW_UP', 'PROCEDURE'] as const
const PRIORITIES = ['NORMAL', 'URGENT', 'COURTESY'] as const
const PAID = { amount: { minor: 200_00, currency: 'EGP' }, method: 'CASH' } as const

function at<T>(items: readonly T[], choice: number): T | undefined {
  return items[choice % Math.max(items.length, 1)]
}

function must<T>(items: readonly T[], choice: number): T {
  const item = at(items, choice)
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}

/**
 * Does one act at a station as whoever sits there, on something its board or inbox shows. Mostly what
 * is offered there; one time in eight whatever there is, to be refused.
 *
 * @returns null when there is nothing to do it to
 */
export async function doAct(
  station: ModelStation,
  kind: ActKind,
  choice: number,
): Promise<Confirmed | null> {
  const said = await begin(station, kind, choice)
  if (said === null) return null
  const [name, output] = said
  return { station: station.number, name, output: await output }
}

type Begun = [ActionName, Promise<unknown>]

async function begin(station: ModelStation, kind: ActKind, choice: number): Promise<Begun | null> {
  const { act } = station
  const nth = Math.floor(choice / 8)
  const doctorId = must(LINES, nth)
  const told = <A extends ActionName>(name: A, output: Promise<unknown>): Begun => [name, output]
  const onVisit = async (action: Action, use: (row: VisitRow) => Begun): Promise<Begun | null> => {
    const row = at(visitsFor(await station.view('board', {}), action, choice), nth)
    return row === undefined ? null : use(row)
  }

  switch (kind) {
    case 'checkInNew':
    case 'checkInKnown': {
      const known = kind === 'checkInKnown' ? await somePatient(station, nth) : null
      return told(
        'checkIn',
        act('checkIn', {
          patient:
            known === null
              ? { kind: 'NEW', draft: draftOf(`${must(NAMES, nth)} ${nth}`, `0100${nth}`) }
              : { kind: 'KNOWN', patientId: known },
          doctorId,
          visitType: must(TYPES, nth),
          priority: must(PRIORITIES, nth),
          payment: choice % 3 === 0 ? null : PAID,
        }),
      )
    }
    case 'registerPatient':
      return told(kind, act(kind, { draft: draftOf(`${must(NAMES, nth)} ${nth}`) }))
    case 'editPatient': {
      const patientId = await somePatient(station, nth)
      if (patientId === null) return null
      const changes = nth % 2 === 0 ? { phones: [`0101${choice}`] } : { note: `ملاحظة ${choice}` }
      return told(kind, act(kind, { patientId, changes }))
    }
    case 'call':
      return onVisit('CALL', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'callNext':
      return told(kind, act(kind, { doctorId }))
    case 'startVisit':
      return onVisit('START_VISIT', ({ visitId, status }) => {
        const isAside = status === 'WAITING' && choice % 3 === 0
        return told(kind, act(kind, { visitId, to: isAside ? 'WITH_ASSISTANT' : 'WITH_DOCTOR' }))
      })
    case 'sendToDoctor':
      return onVisit('SEND_TO_DOCTOR', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'sendToAssistant':
      return onVisit('SEND_TO_ASSISTANT', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'returnToLine':
      return onVisit('RETURN_TO_LINE', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'finishVisit':
      return onVisit('FINISH_VISIT', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'skip':
      return onVisit('SKIP', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'changeLine':
      return onVisit('MOVE_LINE', ({ visitId }) => told(kind, act(kind, { visitId, doctorId })))
    case 'setPriority':
      return onVisit('SET_PRIORITY', ({ visitId }) =>
        told(kind, act(kind, { visitId, priority: must(PRIORITIES, nth), reason: 'سبب' })),
      )
    case 'recall':
      return onVisit('RECALL', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'markNoShow':
      return onVisit('MARK_NO_SHOW', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'cancel':
      return onVisit('CANCEL', ({ visitId }) => told(kind, act(kind, { visitId, reason: null })))
    case 'takePayment':
      return onVisit('TAKE_PAYMENT', ({ visitId }) => told(kind, act(kind, { visitId, ...PAID })))
    case 'refund': {
      const paymentId = await somePayment(station, nth)
      if (paymentId === null) return null
      const amount = { minor: 50_00, currency: 'EGP' } as const
      return told(kind, act(kind, { paymentId, amount, method: 'CASH', reason: 'سبب' }))
    }
    case 'undoLast':
      return told(kind, act(kind, {}))
    case 'settle': {
      // Not what was refused: it is only ever kept here, and must still be there at the end.
      const item = at(await itemsOf(station, ['SUPERSEDED', 'OVERRULED']), nth)
      if (item === undefined) return null
      const choice = nth % 2 === 0 ? 'KEEP' : 'RESTORE'
      return told(kind, act(kind, { itemId: item.itemId, choice }))
    }
    case 'mergeVisits': {
      const item = at(await itemsOf(station, ['DUPLICATE_VISIT']), nth)
      if (item === undefined) return null
      const [keep, merge] = item.visits
      if (keep === undefined || merge === undefined) return null
      return told(kind, act(kind, { keep: keep.visitId, merge: merge.visitId }))
    }
    case 'decideQuarantined': {
      const item = at(await itemsOf(station, ['QUARANTINED']), nth)
      if (item === undefined) return null
      return told(kind, act(kind, { commandId: item.commandId, accept: nth % 2 === 0 }))
    }
  }
}

function visitsFor(board: BoardView, action: Action, choice: number): VisitRow[] {
  const rows = rowsOf(board)
  if (choice % 8 === 0) return rows
  return rows.filter(({ actions }) => actions.includes(action))
}

async function somePatient({ view }: ModelStation, nth: number) {
  // Few names, so that the same patients meet at several desks.
  const { hits } = await view('search', { text: must(NAMES, nth), limit: 5 })
  return at(hits, nth)?.patientId ?? null
}

async function somePayment(station: ModelStation, nth: number) {
  const patientId = await somePatient(station, nth)
  if (patientId === null) return null
  const { visits } = await station.view('patient', { patientId })
  const payments = visits.flatMap((visit) =>
    visit.payments.filter(({ kind }) => kind === 'PAYMENT'),
  )
  return at(payments, nth)?.entryId ?? null
}

async function itemsOf<K extends InboxItem['kind']>(
  { view }: ModelStation,
  kinds: readonly K[],
): Promise<Array<Extract<InboxItem, { kind: K }>>> {
  const { items } = await view('inbox', {})
  return items.filter((item): item is Extract<InboxItem, { kind: K }> =>
    kinds.some((kind) => kind === item.kind),
  )
}

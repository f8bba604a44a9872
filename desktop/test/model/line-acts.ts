import type { ActionName } from '#desktop/station/contract/actions.ts'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { InboxItem } from '#desktop/station/contract/inbox-view.ts'
import type { Action } from '#shared/roles.ts'
import { draftOf } from '../support/desk-work.ts'
import { at, type Begun, LINES, must, NAMES, somePatient, someVisit } from './begun-act.ts'
import type { LineActKind } from './history-plan.ts'
import type { ModelStation } from './model-station.ts'

const TYPES = ['EXAMINATION', 'FOLLOW_UP', 'PROCEDURE'] as const
const PRIORITIES = ['NORMAL', 'URGENT', 'COURTESY'] as const
const PAID = { amount: { minor: 200_00, currency: 'EGP' }, method: 'CASH' } as const

export async function beginLineAct(
  station: ModelStation,
  kind: LineActKind,
  choice: number,
): Promise<Begun | null> {
  const { act } = station
  const reason = `«سبب ${choice}»`
  const nth = Math.floor(choice / 8)
  const doctorId = must(LINES, nth)
  const told = (name: ActionName, output: Promise<unknown>, text: string | null = null): Begun => ({
    name,
    output,
    text,
  })
  const onVisit = async (action: Action, use: (row: VisitRow) => Begun): Promise<Begun | null> => {
    const row = await someVisit(station, action, choice)
    return row === null ? null : use(row)
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
      const text = `«ملاحظة ${choice}»`
      if (nth % 2 === 1) return told(kind, act(kind, { patientId, changes: { note: text } }), text)
      return told(kind, act(kind, { patientId, changes: { phones: [`0101${choice}`] } }))
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
        told(kind, act(kind, { visitId, priority: must(PRIORITIES, nth), reason }), reason),
      )
    case 'recall':
      return onVisit('RECALL', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'markNoShow':
      return onVisit('MARK_NO_SHOW', ({ visitId }) => told(kind, act(kind, { visitId })))
    case 'cancel':
      return onVisit('CANCEL', ({ visitId }) => told(kind, act(kind, { visitId, reason }), reason))
    case 'takePayment':
      return onVisit('TAKE_PAYMENT', ({ visitId }) => told(kind, act(kind, { visitId, ...PAID })))
    case 'refund': {
      const paymentId = await somePayment(station, nth)
      if (paymentId === null) return null
      const amount = { minor: 50_00, currency: 'EGP' } as const
      return told(kind, act(kind, { paymentId, amount, method: 'CASH', reason }), reason)
    }
    case 'undoLast':
      return told(kind, act(kind, {}))
    case 'settle': {
      // Not what was refused: it is only ever kept here, and must still be there at the end.
      const item = at(await itemsOf(station, ['SUPERSEDED', 'OVERRULED']), nth)
      if (item === undefined) return null
      const choice = must(['KEEP', 'RESTORE', 'JOIN'] as const, nth)
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

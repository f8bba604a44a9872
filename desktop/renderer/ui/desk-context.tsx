import { createContext, use } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { SessionView } from '#desktop/station/contract/session-view.ts'
import type { Slip } from '#desktop/station/contract/slip.ts'
import type { PatientId } from '#shared/ids.ts'

/** What lies over the board. One at a time: a desk has one hand free. */
export type DeskPanel =
  | { kind: 'PATIENT'; patientId: PatientId }
  | { kind: 'PAYMENT'; row: PayableVisit }
  | { kind: 'INBOX' }
  | { kind: 'IMPORT' }
  | { kind: 'PEOPLE' }
  | { kind: 'PIN' }
  | { kind: 'RECOVERY' }
  | { kind: 'REJOIN' }
  | { kind: 'PRINTER' }
  | { kind: 'MAP' }

export type PayableVisit = Pick<VisitRow, 'visitId' | 'ticket' | 'name' | 'balance'>

export type SignedIn = Extract<SessionView, { status: 'SIGNED_IN' }>

/** How features reach each other without importing each other. */
export interface Desk {
  session: SignedIn
  open: (panel: DeskPanel) => void
  close: () => void
  /** Opens the finder on this patient, ready to check in. */
  checkIn: (patientId: PatientId, name: string) => void
  printSlip: (slip: Slip) => void
}

export const DeskContext = createContext<Desk | null>(null)

export function useDesk(): Desk {
  const desk = use(DeskContext)
  if (desk === null) throw new Error('outside of a desk')
  return desk
}

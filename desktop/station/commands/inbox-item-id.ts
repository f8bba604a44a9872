import { AppError } from '#shared/errors.ts'
import {
  AppointmentId,
  CommandId,
  PatientId,
  PrescriptionId,
  StockItemId,
  TransitionId,
  VisitId,
} from '#shared/ids.ts'

/** The collections whose lost values are in the inbox, and what names their documents. */
const DOCUMENT_IDS = {
  patients: PatientId,
  visits: VisitId,
  encounters: VisitId,
  prescriptions: PrescriptionId,
  appointments: AppointmentId,
  inventory: StockItemId,
}
export type SupersededCollection = keyof typeof DOCUMENT_IDS

export interface SupersededSubject {
  kind: 'SUPERSEDED'
  collection: SupersededCollection
  documentId: string
  supersededId: string
}

/** What a row of the inbox is about. Its id names it, so that a window can hand it back. */
export type InboxSubject =
  | { kind: 'HELD' | 'REJECTED' | 'QUARANTINED' | 'GIVEN_ANEW'; commandId: CommandId }
  | SupersededSubject
  | { kind: 'OVERRULED'; visitId: VisitId; transitionId: TransitionId }
  /** Named by the first of the visits. */
  | { kind: 'DUPLICATE_VISIT'; visitId: VisitId }

export function formatInboxItemId(subject: InboxSubject): string {
  switch (subject.kind) {
    case 'HELD':
    case 'REJECTED':
    case 'QUARANTINED':
    case 'GIVEN_ANEW':
      return `${subject.kind}/${subject.commandId}`
    case 'SUPERSEDED':
      return `${subject.kind}/${subject.collection}/${subject.documentId}/${subject.supersededId}`
    case 'OVERRULED':
      return `${subject.kind}/${subject.visitId}/${subject.transitionId}`
    case 'DUPLICATE_VISIT':
      return `${subject.kind}/${subject.visitId}`
  }
}

/** @throws AppError INVALID */
export function parseInboxItemId(itemId: string): InboxSubject {
  const subject = readItemId(itemId.split('/'))
  if (subject === null) throw new AppError('INVALID', { issues: ['itemId'] })
  return subject
}

function readItemId([kind, ...rest]: readonly string[]): InboxSubject | null {
  switch (kind) {
    case 'HELD':
    case 'REJECTED':
    case 'QUARANTINED':
    case 'GIVEN_ANEW': {
      const commandId = CommandId.safeParse(rest[0])
      return commandId.success ? { kind, commandId: commandId.data } : null
    }
    case 'SUPERSEDED':
      return readSuperseded(rest)
    case 'OVERRULED': {
      const visitId = VisitId.safeParse(rest[0])
      const transitionId = TransitionId.safeParse(rest[1])
      return visitId.success && transitionId.success
        ? { kind, visitId: visitId.data, transitionId: transitionId.data }
        : null
    }
    case 'DUPLICATE_VISIT': {
      const visitId = VisitId.safeParse(rest[0])
      return visitId.success ? { kind, visitId: visitId.data } : null
    }
    case undefined:
    default:
      return null
  }
}

function readSuperseded([
  collection,
  documentId,
  supersededId,
]: readonly string[]): InboxSubject | null {
  if (collection === undefined || !Object.hasOwn(DOCUMENT_IDS, collection)) return null
  // Cast: it is one of the names
  const known = collection as SupersededCollection
  const id = DOCUMENT_IDS[known].safeParse(documentId)
  if (supersededId === undefined || !id.success) return null
  return { kind: 'SUPERSEDED', collection: known, documentId: id.data, supersededId }
}

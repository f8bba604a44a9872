import { fieldIn, type MergedDocument } from '#shared/collection-rules.ts'
import { ReasonCode } from '#shared/entered.ts'
import type { Patient } from '#shared/patient.ts'
import type { Visit } from '#shared/visit.ts'
import type { FoldedVisit, Overruled } from '#shared/visit-fold.ts'
import { isSameJson } from '../replica/write-documents.ts'

/**
 * Values that lost and that nobody has dealt with; two people who wrote the same are no conflict, and
 * a reason that is a code is what a step says of itself, written by nobody.
 */
export function openSuperseded<D extends MergedDocument>(document: D): D['superseded'] {
  const { superseded, settled } = document
  if (superseded.length === 0) return []
  return superseded.filter(
    ({ id, field, value }) =>
      !settled.includes(id) &&
      !(field === 'orderReason' && ReasonCode.safeParse(value).success) &&
      !isSameJson(fieldIn(document, field), value),
  )
}

export interface OpenOverruled extends Overruled {
  reason: Exclude<Overruled['reason'], 'REPEATED'>
}

/** Steps without effect that nobody has dealt with. A repeated step is no news. */
export function openOverruled(visit: Visit, folded: FoldedVisit): OpenOverruled[] {
  return folded.overruled.flatMap(({ transition, reason }) =>
    reason === 'REPEATED' || visit.settled.includes(transition.id) ? [] : [{ transition, reason }],
  )
}

/** Whether the document has a row of its own in the inbox. */
export function openConflicts(document: Patient): boolean
export function openConflicts(document: Visit, folded: FoldedVisit): boolean
export function openConflicts(document: Patient | Visit, folded?: FoldedVisit): boolean {
  if (document.superseded.length > 0 && openSuperseded(document).length > 0) return true
  return (
    folded !== undefined &&
    folded.overruled.length > 0 &&
    'transitions' in document &&
    openOverruled(document, folded).length > 0
  )
}

import { ReasonCode } from '#shared/entered.ts'
import type { FieldValue, Superseded } from '#shared/fields.ts'
import type { Patient } from '#shared/patient.ts'
import type { Visit } from '#shared/visit.ts'
import type { FoldedVisit, Overruled } from '#shared/visit-fold.ts'

/**
 * Values that lost and that nobody has dealt with; two people who wrote the same are no conflict, and
 * a reason that is a code is what a step says of itself, written by nobody.
 */
export function openSuperseded(document: Patient | Visit): Superseded[] {
  const { superseded, settled } = document
  if (superseded.length === 0) return []
  return superseded.filter(
    ({ id, field, value }) =>
      !settled.includes(id) &&
      !ReasonCode.safeParse(value).success &&
      JSON.stringify(valueOf(document, field)) !== JSON.stringify(value),
  )
}

export function valueOf(document: Patient | Visit, field: string): FieldValue {
  // The name of a field comes with the superseded value that its collection's merge kept.
  const value: unknown = Reflect.get(document, field)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : Array.isArray(value)
      ? value.map(String)
      : null
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

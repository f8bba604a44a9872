import type { AppointmentStep } from './appointment.ts'
import type { Documents, WritableCollection } from './collections.ts'
import type { Fact } from './fields.ts'
import type { Transition } from './visit.ts'

/** What a command does to one document, told apart from what it merely carries along. */
export interface Change<C extends WritableCollection = WritableCollection> {
  base: Documents[C] | null
  next: Documents[C]
  /** Fields of a document that stood. */
  fields: readonly string[]
  /** What it added to each set of facts; of a new document all there is. */
  facts: Readonly<Partial<Record<string, readonly Fact[]>>>
  settled: readonly string[]
}

export type CommandChanges = { readonly [C in WritableCollection]: readonly Change<C>[] }

/** The steps that a change appends to a visit. */
export function stepsOf({ next, facts }: Change<'visits'>): Transition[] {
  return pickById(next.transitions, facts['transitions'])
}

/** The steps that a change appends to a booking. */
export function bookingSteps({ next, facts }: Change<'appointments'>): AppointmentStep[] {
  return pickById(next.steps, facts['steps'])
}

export function pickById<T extends Fact>(all: readonly T[], picked: readonly Fact[] = []): T[] {
  const ids = new Set(picked.map(({ id }) => id))
  return all.filter(({ id }) => ids.has(id))
}

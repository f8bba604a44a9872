import type { MergedDocument } from './collection-rules.ts'
import type { WritableCollection } from './collections.ts'
import { SERVER_NODE, stampNode } from './stamp.ts'

/** Erased where the law asked for it, for good: only then are fields of a document set by the server itself. */
export function isErased({ marks }: Pick<MergedDocument, 'marks'>): boolean {
  return Object.values(marks).some(
    (mark) => mark !== undefined && stampNode(mark.at) === SERVER_NODE,
  )
}

/** Collections in which people write about a patient at length, beside what they say of money. */
export const WRITTEN_ABOUT: readonly WritableCollection[] = [
  'encounters',
  'prescriptions',
  'labResults',
  'appointments',
]

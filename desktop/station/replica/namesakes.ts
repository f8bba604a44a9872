import { PatientId } from '#shared/ids.ts'
import { duplicateKey, duplicateKeysOf } from '#shared/patient-csv.ts'
import { namesakeMatch } from '#shared/patient-search.ts'
import type { SearchQuery } from '../storage/search-query.ts'
import type { Store } from '../storage/store.ts'
import type { DocumentRows } from './document-rows.ts'

/** More people of one phone and two names are not told apart by a hint. */
const ASKED_AT_MOST = 100

/**
 * Who has this normalised name and phone, or, for no phone, this name alone and no phone either: asked of
 * the search index, whose words say nearly that, and then of the patients themselves. An index of its own
 * would be a third of what a first sync writes.
 */
export function findNamesakes(
  store: Store,
  rows: DocumentRows,
  { name, phone }: { name: string; phone: string | null },
): PatientId[] {
  const key = duplicateKey(name, phone)
  // Cast: `namesakeMatch` quotes each word
  const query = namesakeMatch(name, phone) as SearchQuery
  return store
    .search('patients', query, ASKED_AT_MOST)
    .filter((id) => {
      const patient = rows.byId('patients', id)
      return patient !== null && duplicateKeysOf(patient).includes(key)
    })
    .toSorted()
    .map((id) => PatientId.parse(id))
}

import { type Entry, isEntryOf } from './entry.ts'
import type { EntryId } from './ids.ts'
import type { Stamp } from './stamp.ts'

/**
 * The consent to share a patient's history that stands, of all that they said in whatever order it
 * came: the first since they last withdrew. Of two words that were said at once, by people who had not
 * met, the withdrawal is the later one.
 *
 * @returns null: there is none
 */
export function standingConsent(entries: readonly Entry[]): EntryId | null {
  const said = entries
    .filter((entry) => isEntryOf(entry, 'CONSENT'))
    .filter(({ body }) => body.scope === 'SHARED_HISTORY')
    .toSorted(
      (a, b) =>
        compare(momentOf(a.at), momentOf(b.at)) ||
        Number(b.body.given) - Number(a.body.given) ||
        compare(a.id, b.id),
    )
  let standing: EntryId | null = null
  for (const { id, body } of said) standing = body.given ? (standing ?? id) : null
  return standing
}

/** A stamp without its station: between two stations that says nothing of before and after. */
function momentOf(stamp: Stamp): string {
  return stamp.slice(0, 18)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

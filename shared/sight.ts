import { COLLECTIONS, type CollectionName, type Documents } from './collections.ts'
import type { CalendarDate } from './fields.ts'
import type { UserId, VisitId } from './ids.ts'
import { mayView, type Role, Sight } from './roles.ts'

/** Who looks, and what of it is their own. */
export interface Viewer {
  userId: UserId
  roles: readonly Role[]
  /** The queue day: its money is the shift's, whoever of the desk took it. */
  today: CalendarDate
  isDoctorOf: (visitId: VisitId) => boolean
  /** Whether they have opened this record of another doctor (`openRecord`). */
  hasOpened: (visitId: VisitId) => boolean
}

/** A document as a person may see it: fields that are not theirs to see are not there. */
export type Seen<C extends CollectionName> = Partial<Documents[C]>

/**
 * What of a document a person may see: PRODUCT, "Who may see what". Also of what people had entered
 * and lost: a value that was superseded is seen by whoever sees its field.
 *
 * @returns null: nothing; whether there is such a document is not theirs to know either
 */
export function project<C extends CollectionName>(
  collection: C,
  document: Documents[C],
  viewer: Viewer,
): Seen<C> | null {
  const fields = fieldsSeen(collection, document, viewer)
  return fields === null ? null : withFields(document, fields)
}

/** The fields of a document that a person may see; null: none. */
export type SeenFields = 'ALL' | ReadonlySet<string> | null

export function fieldsSeen<C extends CollectionName>(
  collection: C,
  document: Documents[C],
  viewer: Viewer,
): SeenFields {
  const fields = new Set<string>()
  for (const [sight, opened] of Object.entries(COLLECTIONS[collection].shows(document))) {
    if (!sees(sight, { collection, document }, viewer)) continue
    if (opened === 'ALL') return 'ALL'
    for (const field of opened) fields.add(field)
  }
  return fields.size === 0 ? null : fields
}

/** What such fields leave of a document, or of a part of it. */
export function withFields(document: object, fields: 'ALL' | ReadonlySet<string>): object {
  if (fields === 'ALL') return document
  const seen = Object.entries(document).flatMap(([key, value]): [string, unknown][] => {
    if (fields.has(key)) return [[key, value]]
    return OF_FIELDS.has(key) ? [[key, ofFields(value, fields)]] : []
  })
  return Object.fromEntries(seen)
}

const OF_FIELDS = new Set(['marks', 'superseded'])

/** `superseded` names fields; `marks` are by field. */
function ofFields(value: unknown, fields: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) {
    // Cast: superseded values
    return (value as { field: string }[]).filter(({ field }) => fields.has(field))
  }
  return Object.fromEntries(Object.entries(value ?? {}).filter(([field]) => fields.has(field)))
}

function sees<C extends CollectionName>(
  sight: string,
  { collection, document }: { collection: C; document: Documents[C] },
  viewer: Viewer,
): boolean {
  if (sight === 'EVERYBODY') return true
  const visitId = COLLECTIONS[collection].visitOf(document)
  if (sight === 'RECORD') {
    const isOpen = visitId === null || viewer.isDoctorOf(visitId) || viewer.hasOpened(visitId)
    return isOpen && mayView(viewer.roles, 'CLINICAL')
  }
  if (!mayView(viewer.roles, Sight.parse(sight))) return false
  switch (sight) {
    case 'OWN_SHIFT_MONEY':
      return isOfShift(document, viewer)
    case 'OWN_EARNINGS':
      return visitId !== null && viewer.isDoctorOf(visitId)
    default:
      return true
  }
}

/** Taken by themselves, or today: over the counter the desk is one. */
function isOfShift(document: object, { userId, today }: Viewer): boolean {
  const by = 'created' in document ? Reflect.get(document, 'created') : document
  const author: unknown = typeof by === 'object' && by !== null ? Reflect.get(by, 'by') : undefined
  return author === userId || Reflect.get(document, 'queueDay') === today
}

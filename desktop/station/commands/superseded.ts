import { type AnyValue, fieldIn, type MergedDocument } from '#shared/collection-rules.ts'
import { COLLECTIONS, type Documents } from '#shared/collections.ts'
import type { RESTORED_BY, Write } from '#shared/commands.ts'
import { AppError } from '#shared/errors.ts'
import type { CommandTx } from '../replica/replica.ts'
import type { SupersededSubject } from './inbox-item-id.ts'
import { recordWrite } from './record-change.ts'

/** KEEP: what stands, stands. RESTORE: the lost value in its place. JOIN: both, one after the other. */
export type Settlement = 'KEEP' | 'RESTORE' | 'JOIN'

export type RestorableCollection = keyof typeof RESTORED_BY

export interface RecordSubject extends SupersededSubject {
  collection: RestorableCollection
}

/**
 * Deals with a value that lost in a document other than a visit. To put it back is this person's edit.
 *
 * @throws AppError NOT_FOUND if it was settled meanwhile; INVALID if it cannot be put back or joined
 */
export function settleRecord(
  tx: CommandTx,
  { collection, documentId, supersededId }: RecordSubject,
  choice: Settlement,
): Write {
  const base = tx.find(collection, documentId)
  const lost = base?.superseded.find(({ id }) => id === supersededId)
  if (base === null || lost === undefined || base.settled.includes(supersededId)) {
    throw new AppError('NOT_FOUND')
  }
  const settled = { ...base, settled: [...base.settled, supersededId] }
  if (choice === 'KEEP') return recordWrite(collection, base, settled)
  const { field } = lost
  const value = choice === 'RESTORE' ? lost.value : joinValues(fieldIn(base, field), lost.value)
  const marks = { ...base.marks, [field]: { at: tx.at, by: tx.by } }
  const next = { ...settled, [field]: value, marks }
  if (value === null && choice === 'JOIN') throw new AppError('INVALID', { issues: ['choice'] })
  if (!isDocument(collection, next)) throw new AppError('INVALID', { issues: ['choice'] })
  return recordWrite(collection, base, next)
}

function isDocument<C extends RestorableCollection>(
  collection: C,
  document: object,
): document is Documents[C] {
  return COLLECTIONS[collection].schema.safeParse(document).success
}

/** Whether both texts can stand in the field together. */
export function canJoin(
  collection: RestorableCollection,
  document: MergedDocument,
  { field, value }: MergedDocument['superseded'][number],
): boolean {
  const joined = joinValues(fieldIn(document, field), value)
  return joined !== null && isDocument(collection, { ...document, [field]: joined })
}

/** The text that stands and the other below it, or the rows of both; null: it is neither, or one is empty. */
function joinValues(stands: AnyValue, lost: AnyValue): AnyValue {
  if (typeof stands === 'string' && typeof lost === 'string') {
    return stands === '' || lost === '' ? null : `${stands}\n\n${lost}`
  }
  if (!Array.isArray(stands) || !Array.isArray(lost)) return null
  const known = new Set(stands.map((row) => JSON.stringify(row)))
  const more = lost.filter((row) => !known.has(JSON.stringify(row)))
  // Cast: rows of one field are of one kind
  return more.length === 0 || stands.length === 0 ? null : ([...stands, ...more] as AnyValue)
}

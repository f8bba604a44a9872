import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import {
  type MangoQuerySelector,
  type MangoQuerySortPart,
  prepareQuery,
  type RxCollection,
  type RxDocumentData,
} from 'rxdb'
import type { CalendarDate } from '#shared/fields.ts'
import { makeUuidv7 } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import { addDays } from '#shared/queue-day.ts'
import type { Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import type { Replica } from '../replica/replica.ts'
import { openConflicts } from './open-conflicts.ts'

/** What is still being settled; the years before it are read once the inbox is on the screen. */
const RECENT_DAYS = 62
/** Few enough that reading a page of them holds up nothing else for longer than a frame. */
const PAGE = 500
/** Milliseconds between two pages of years ago, which nobody waits for. */
const PAUSE = 20

/** Ids of the documents that may have a row in the inbox. */
export interface ConflictIndex {
  patients(): Iterable<string>
  /** With conflicts of their own. */
  visits(): Iterable<string>
  /** Of one patient, doctor and day, where there are several. */
  groups(): Iterable<ReadonlySet<string>>
  /** False while visits of longer ago are still being read: more may come to light. */
  isWhole(): boolean
}

const indexes = new WeakMap<Replica, Promise<ConflictIndex>>()

/**
 * The documents with conflicts, found once by going through the file in the background and from
 * then on by what changes: no query could find them among all patients, for it is a merge that
 * makes them.
 */
export function conflictIndexOf(replica: Replica): Promise<ConflictIndex> {
  const known = indexes.get(replica)
  if (known !== undefined) return known
  const made = buildIndex(replica)
  indexes.set(replica, made)
  // What could not be read now may be readable when the inbox is next looked at.
  made.catch(() => indexes.delete(replica))
  return made
}

async function buildIndex(replica: Replica): Promise<ConflictIndex> {
  const patients = new Set<string>()
  const visits = new Set<string>()
  const groups = new Map<string, Set<string>>()
  const groupOf = new Map<string, string>()

  const notePatient = (patient: Patient, isDeleted: boolean): void => {
    if (!isDeleted && openConflicts(patient)) patients.add(patient.id)
    else patients.delete(patient.id)
  }
  const noteVisit = (visit: Visit, isDeleted: boolean): void => {
    if (!isDeleted && openConflicts(visit, foldVisit(visit.transitions))) visits.add(visit.id)
    else visits.delete(visit.id)
    const key = isDeleted ? null : [visit.patientId, visit.doctorId, visit.queueDay].join('/')
    const before = groupOf.get(visit.id)
    if (before !== undefined && before !== key) groups.get(before)?.delete(visit.id)
    if (key === null) return
    groupOf.set(visit.id, key)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, new Set([visit.id]))
    else group.add(visit.id)
  }

  const { collections } = replica.database
  // What changes while the file is read is noted as it changes, and not again as it was read.
  const changed = new Set<string>()
  let isReading = true
  let isWhole = false
  collections.patients.$.subscribe(({ documentData, operation, documentId }) => {
    if (isReading) changed.add(documentId)
    notePatient(documentData, operation === 'DELETE')
  })
  collections.visits.$.subscribe(({ documentData, operation, documentId }) => {
    if (isReading) changed.add(documentId)
    noteVisit(documentData, operation === 'DELETE')
  })
  const noteRead = (visit: Visit): void => {
    if (!changed.has(visit.id)) noteVisit(visit, false)
  }
  // Ids are UUIDv7: those of later visits are greater.
  const recent = makeUuidv7(replica.now() - RECENT_DAYS * 86_400_000, new Uint8Array(10))
  await readAll(collections.visits, { after: recent, before: null }, noteRead)
  await readAll(collections.patients, { after: '', before: null }, (patient) => {
    if (!changed.has(patient.id)) notePatient(patient, false)
  })
  const readOlder = async (): Promise<void> => {
    await readAll(collections.visits, { after: '', before: recent }, noteRead, async (last) => {
      forgetSingle(groups, groupOf, last.queueDay)
      await sleep(PAUSE, undefined, { ref: false })
    })
    isReading = false
    isWhole = true
    changed.clear()
  }
  // Fails when the file is closed meanwhile, and with it the inbox.
  const older = readOlder().catch(() => undefined)
  // Where there is little of it, it is known with the first answer.
  await Promise.race([older, sleep(PAUSE)])
  return {
    patients: () => patients,
    visits: () => visits,
    groups: () => [...groups.values()].filter((group) => group.size > 1),
    isWhole: () => isWhole,
  }
}

/**
 * Of the days that were read all but those on which somebody came twice: a clinic's whole past is
 * not kept in memory. (Who arrives for such a day only now finds their pair at the next start.)
 *
 * @param reached the queue day of the visit read last; the night before it may not be over
 */
function forgetSingle(
  groups: Map<string, Set<string>>,
  groupOf: Map<string, string>,
  reached: CalendarDate,
): void {
  const over = addDays(reached, -1)
  for (const [key, group] of groups) {
    const [only] = group
    if (group.size > 1 || key.slice(-over.length) >= over) continue
    groups.delete(key)
    if (only !== undefined) groupOf.delete(only)
  }
}

/** Page by page, and past RxDB's caches, which would keep what is looked at once. */
async function readAll<T extends { id: string }>(
  { storageInstance }: RxCollection<T>,
  between: { after: string; before: string | null },
  note: (document: T) => void,
  rest: (last: T) => Promise<void> = () => setImmediate(),
): Promise<void> {
  let last = between.after
  for (;;) {
    const range = between.before === null ? {} : { $lte: between.before }
    const query = prepareQuery<T>(storageInstance.schema, {
      // Cast: a selector of a type parameter's field
      selector: { id: { $gt: last, ...range }, _deleted: { $eq: false } } as MangoQuerySelector<
        RxDocumentData<T>
      >,
      // Cast: as above
      sort: [{ id: 'asc' }] as MangoQuerySortPart<RxDocumentData<T>>[],
      skip: 0,
      limit: PAGE,
    })
    const { documents } = await storageInstance.query(query)
    for (const document of documents) note(document)
    const end = documents.at(-1)
    if (end === undefined) return
    last = end.id
    await rest(end)
  }
}

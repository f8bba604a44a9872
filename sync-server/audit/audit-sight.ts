import { z } from 'zod'
import { type CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { Role } from '#shared/roles.ts'
import { fieldsSeen, type SeenFields, type Viewer, withFields } from '#shared/sight.ts'
import { readSettings } from '../clinics/settings.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'

const Side = z.record(z.string(), z.unknown())
const Content = z.object({ before: Side.nullable(), after: Side, asMade: Side.optional() })

/** What the audit keeps of a document, as far as its fields may be seen. Null: erased, or not theirs to see. */
export function contentWith(fields: SeenFields, content: unknown): unknown {
  if (content === null || fields === null) return null
  const { before, after, asMade } = Content.parse(content)
  return {
    before: before === null ? null : withFields(before, fields),
    after: withFields(after, fields),
    ...(asMade === undefined ? {} : { asMade: withFields(asMade, fields) }),
  }
}

/**
 * Which fields of a record a person may see in the audit: those that they would see of it as it stands
 * (`shared/sight.ts`), so that nobody reads here what they would have had to open there.
 *
 * @param now milliseconds since the Unix epoch
 * @returns null: nothing, or no such record
 */
export async function readFieldsSeen<C extends CollectionName>(
  tx: ClinicTx,
  { collection, id }: { collection: C; id: string },
  { userId, roles }: { userId: UserId; roles: readonly Role[] },
  now: number,
): Promise<SeenFields> {
  const document = await readStanding(tx, collection, id)
  if (document === null) return null
  const visitId = COLLECTIONS[collection].visitOf(document)
  const [settings, visit] = await Promise.all([
    readSettings(tx),
    visitId === null ? null : readVisit(tx, visitId, userId),
  ])
  const viewer: Viewer = {
    userId,
    roles,
    today: queueDayOf(now, settings),
    isDoctorOf: () => visit?.doctorId === userId,
    hasOpened: () => visit?.opened === true,
  }
  return fieldsSeen(collection, document, viewer)
}

async function readStanding<C extends CollectionName>(
  tx: ClinicTx,
  collection: C,
  id: string,
): Promise<Documents[C] | null> {
  const { rows } = await tx.query<{ doc: unknown }>(
    `SELECT doc FROM documents
     WHERE clinic_id = $1 AND collection = $2 AND id = $3 AND NOT deleted`,
    [tx.clinicId, collection, id],
  )
  return rows[0] === undefined ? null : COLLECTIONS[collection].schema.parse(rows[0].doc)
}

/** Whose visit it is, and whether this person has opened its record. */
async function readVisit(
  tx: ClinicTx,
  visitId: VisitId,
  userId: UserId,
): Promise<{ doctorId: string; opened: boolean } | null> {
  const { rows } = await tx.query<{ doctorId: string; opened: boolean }>(
    `SELECT v.doc ->> 'doctorId' AS "doctorId", EXISTS (
       SELECT 1 FROM documents e
       WHERE e.clinic_id = $1 AND e.collection = 'entries' AND e.visit_id = $2
         AND e.doc -> 'body' ->> 'kind' = 'RECORD_OPENED' AND e.doc ->> 'by' = $3) AS opened
     FROM documents v WHERE v.clinic_id = $1 AND v.collection = 'visits' AND v.id = $2`,
    [tx.clinicId, visitId, userId],
  )
  return rows[0] ?? null
}

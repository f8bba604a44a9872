import type { z } from 'zod'
import type { ClinicDoc } from '#shared/clinic.ts'
import type { UserId } from '#shared/ids.ts'
import { chainAudit, serverStamp, writeAudit } from '../audit/append-audit.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed, moveChain, writeClinicDocuments } from '../sync/feed.ts'

/** Who changes the clinic itself, from no station, and when (milliseconds since the Unix epoch). */
export interface Act {
  name:
    | 'createClinic'
    | 'changeStaff'
    | 'replaceSettings'
    | 'enrolStation'
    | 'enterForgottenStation'
    | 'rejoinStation'
    | 'revokeStation'
    | 'changeLetter'
    | 'setPrice'
    | 'replaceFavourites'
  by: UserId
  now: number
}

/** What the clinic says of itself under this id; null: nothing yet. */
export async function readClinicBody<Body extends ClinicDoc['body']>(
  tx: ClinicTx,
  id: string,
  schema: z.ZodType<Body>,
): Promise<Body | null> {
  const { rows } = await tx.query<{ body: unknown }>(
    `SELECT doc -> 'body' AS body FROM documents
     WHERE clinic_id = $1 AND collection = 'clinic' AND id = $2 AND NOT deleted`,
    [tx.clinicId, id],
  )
  return rows[0] === undefined ? null : schema.parse(rows[0].body)
}

/**
 * Puts a changed document into the feed and what was done into the clinic's audit chain. Who changes rows
 * of the clinic, its staff or its stations before that locks the feed first, as a push does, which may
 * come to the same rows: in the other order each would wait for the other.
 *
 * @returns the document's feed number
 */
export async function recordAct(
  tx: ClinicTx,
  act: Act,
  { id, before, after }: { id: string; before: ClinicDoc['body'] | null; after: ClinicDoc['body'] },
): Promise<number> {
  const { clinicId } = tx
  const toDoc = (body: ClinicDoc['body']): ClinicDoc => ({ id, clinicId, body })
  const [seq] = await writeClinicDocuments(tx, [toDoc(after)], act.now)
  if (seq === undefined) throw new Error('the feed gave no number')
  const feed = await lockFeed(tx) // held since the line above
  const documents = [
    {
      collection: 'clinic' as const,
      id,
      before: before === null ? null : toDoc(before),
      after: toDoc(after),
    },
  ]
  const fact = {
    commandId: null,
    stationId: null,
    authorId: act.by,
    name: act.name,
    at: serverStamp(act.now),
    admittedBy: null,
    documents,
  }
  const audit = chainAudit(clinicId, feed, [fact], act.now)
  await Promise.all([writeAudit(tx, audit), moveChain(tx, feed)])
  return seq
}

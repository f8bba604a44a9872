import type pg from 'pg'
import type { CollectionName } from '#shared/collections.ts'
import type { ClinicId } from '#shared/ids.ts'
import { Visit } from '#shared/visit.ts'
import { withClinic } from '#server/database/clinic-tx.ts'
import { closeFeed, lockFeed, writeDocuments } from '#server/sync/feed.ts'

export interface FeedFill {
  readonly collection: CollectionName
  readonly id: string
  readonly doc: unknown
}

const PAGE = 5_000

/** Writes documents as if stations had sent them, in pages of one transaction each. */
export async function fillFeed(
  ownerPool: pg.Pool,
  clinicId: ClinicId,
  documents: readonly FeedFill[],
): Promise<void> {
  for (let from = 0; from < documents.length; from += PAGE) {
    await withClinic(ownerPool, clinicId, async (tx) => {
      const counter = await lockFeed(tx)
      await writeDocuments(
        tx,
        documents.slice(from, from + PAGE).map(({ collection, id, doc }) => {
          const seq = (counter.head += 1)
          const meta = collection === 'visits' ? originsOf(Visit.parse(doc), seq) : null
          return { collection, id, seq, doc: JSON.stringify(doc), meta }
        }),
      )
      await closeFeed(tx, counter)
    })
  }
}

/** Under which number each step was accepted, and whose it is: as the server keeps it. */
function originsOf({ transitions }: Visit, seq: number): string {
  return JSON.stringify(
    Object.fromEntries(transitions.map(({ id, stationId }) => [id, [seq, stationId]])),
  )
}

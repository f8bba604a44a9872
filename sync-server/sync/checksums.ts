import { AppError } from '#shared/errors.ts'
import type { ChecksumRequest, CollectionSum } from '#shared/feed-checksum.ts'
import type { ClinicId } from '#shared/ids.ts'
import { queryClinic } from '../database/clinic-tx.ts'
import type { ServerDeps, StationClaim } from '../server-deps.ts'

export interface Checksums {
  head: number
  collections: CollectionSum[]
}

/** The sums of a clinic's documents, for as long as nothing is written there. */
export interface ChecksumReader {
  /** @throws AppError RESEED if the checkpoint is of another feed */
  read: (station: StationClaim, request: ChecksumRequest) => Promise<Checksums>
}

const MAX_REMEMBERED = 1_000

/** Head and sums are of one snapshot. SHA-256 of the text that `jsonbText()` prints as well. */
const READ_SUMS = `
  SELECT f.head, COALESCE((
    SELECT json_agg(json_build_object('collection', s.collection, 'count', s.count, 'sum', s.sum))
    FROM (
      SELECT collection, count(*) AS count, sum(
        ('x' || left(encode(sha256(convert_to(doc::text, 'UTF8')), 'hex'), 16))::bit(64)::bigint
      )::text AS sum
      FROM documents WHERE clinic_id = $1 AND NOT deleted GROUP BY collection) s
  ), '[]') AS collections
  FROM feeds f WHERE f.clinic_id = $1`

/**
 * A clinic's stations ask within the same hour, mostly about the same head: what was summed for one is
 * told to all, so that nobody can make the server sum without end.
 */
export function createChecksumReader({ pool }: Pick<ServerDeps, 'pool'>): ChecksumReader {
  const known = new Map<string, Promise<Checksums>>()

  async function sum(clinicId: ClinicId): Promise<Checksums> {
    const { rows } = await queryClinic<Checksums>(pool, clinicId, READ_SUMS, [clinicId])
    const [sums] = rows
    if (sums === undefined) throw new AppError('NOT_FOUND')
    return sums
  }

  return {
    read: async ({ clinicId }, { checkpoint }) => {
      const { rows } = await queryClinic<{ epoch: string; head: number }>(
        pool,
        clinicId,
        'SELECT epoch, head FROM feeds WHERE clinic_id = $1',
        [clinicId],
      )
      const [feed] = rows
      if (checkpoint.clinicId !== clinicId || checkpoint.epoch !== feed?.epoch) {
        throw new AppError('RESEED')
      }
      const key = `${clinicId}/${feed.epoch}/${feed.head}`
      const sums = known.get(key) ?? sum(clinicId)
      if (known.size >= MAX_REMEMBERED) known.clear()
      known.set(key, sums)
      // What failed is asked for anew.
      sums.catch(() => known.delete(key))
      return sums
    },
  }
}

import type pg from 'pg'
import type { ClinicId } from '#shared/ids.ts'
import { acrossClinics } from '../database/clinic-tx.ts'

/**
 * Begins another epoch of the clinics' feeds, after a restore or a move: each station is told RESEED
 * at its next pull, pulls anew with its outbox kept, and first sends again what was accepted in the
 * last 14 days, since the backup may have lost it. With the owner's pool.
 *
 * @param only all clinics, without it
 * @param now milliseconds since the Unix epoch
 * @returns how many feeds began anew
 */
export async function beginEpochs(
  ownerPool: pg.Pool,
  only: readonly ClinicId[] | null = null,
  now = Date.now(),
): Promise<number> {
  const audit = { reason: 'another epoch after a restore', log: () => undefined }
  const { rows } = await acrossClinics(ownerPool, audit, (tx) =>
    tx.query<{ begun: number }>('SELECT begin_epochs($1, $2) AS begun', [only, new Date(now)]),
  )
  return rows[0]?.begun ?? 0
}

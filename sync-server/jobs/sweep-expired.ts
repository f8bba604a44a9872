import { acrossClinics } from '../database/clinic-tx.ts'
import { rememberedFrom } from '../identity/refresh-token.ts'
import { SWEEP_ATTEMPTS } from '../identity/sign-in-attempts.ts'
import type { ServerDeps } from '../server-deps.ts'

const PARTS = 32

/**
 * Removes what has run out and nobody asks for any more: proofs of possession, refresh tokens that were
 * followed by others, acknowledgements below those that are still needed, attempts at signing in.
 */
export async function sweepExpired({
  pool,
  log,
  now,
}: Pick<ServerDeps, 'pool' | 'log' | 'now'>): Promise<void> {
  const audit = { reason: 'what has run out is swept', log: (entry: object) => log.info(entry) }
  const at = now()
  let swept = await acrossClinics(
    pool,
    audit,
    async (tx) => (await tx.query(SWEEP_ATTEMPTS)).rowCount,
  )
  for (let part = 0; part < PARTS; part += 1) {
    // A part is a transaction: none is long, whatever there is to do.
    swept += await acrossClinics(pool, { ...audit, log: () => undefined }, async (tx) => {
      const { rows } = await tx.query<{ swept: number }>(
        'SELECT sweep_expired($1, $2, $3) AS swept',
        [part, new Date(at), rememberedFrom(at)],
      )
      return rows[0]?.swept ?? 0
    })
  }
  log.info({ swept }, 'swept')
}

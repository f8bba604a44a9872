import type { Context } from 'hono'
import { ClinicId, type UserId } from '#shared/ids.ts'
import { type ClinicTx, writeClinic } from '../database/clinic-tx.ts'
import { readId } from '../http/read-body.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { requireAddress } from './clinic-address.ts'
import { requireAdmin } from './membership.ts'

/** Runs in the clinic of the path, for its ADMIN and nobody else. */
export function asAdmin<T>(
  deps: Pick<ServerDeps, 'pool'>,
  c: Context<ServerEnv>,
  run: (tx: ClinicTx, by: UserId) => Promise<T>,
): Promise<T> {
  const clinicId = readId(ClinicId, c.req.param('clinicId'))
  requireAddress(c.get('address'), clinicId)
  const { userId } = c.get('person')
  return writeClinic(deps.pool, clinicId, async (tx) => {
    await requireAdmin(tx, userId)
    return run(tx, userId)
  })
}

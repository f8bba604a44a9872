import type { Context } from 'hono'
import { ClinicId, type UserId } from '#shared/ids.ts'
import type { Role } from '#shared/roles.ts'
import { type ClinicTx, withClinic, writeClinic } from '../database/clinic-tx.ts'
import { readId } from '../http/read-body.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { requireAddress } from './clinic-address.ts'
import { requireRole } from './membership.ts'

/** Who was let in, and all that they are here. */
interface Member {
  userId: UserId
  roles: readonly Role[]
}
type Run<T> = (tx: ClinicTx, member: Member) => Promise<T>

/** Reads in the clinic of the path, for its ADMIN and nobody else. */
export function readAsAdmin<T>(
  deps: Pick<ServerDeps, 'pool'>,
  c: Context<ServerEnv>,
  run: Run<T>,
): Promise<T> {
  return withClinic(deps.pool, clinicIn(c), (tx) => runAs(c, tx, 'ADMIN', run))
}

/** The same for what changes the clinic, and so locks its feed. */
export function actAsAdmin<T>(
  deps: Pick<ServerDeps, 'pool'>,
  c: Context<ServerEnv>,
  run: Run<T>,
): Promise<T> {
  return writeClinic(deps.pool, clinicIn(c), (tx) => runAs(c, tx, 'ADMIN', run))
}

/** The same for a doctor, of what is theirs. */
export function actAsDoctor<T>(
  deps: Pick<ServerDeps, 'pool'>,
  c: Context<ServerEnv>,
  run: Run<T>,
): Promise<T> {
  return writeClinic(deps.pool, clinicIn(c), (tx) => runAs(c, tx, 'DOCTOR', run))
}

function clinicIn(c: Context<ServerEnv>): ClinicId {
  const clinicId = readId(ClinicId, c.req.param('clinicId'))
  requireAddress(c.get('address'), clinicId)
  return clinicId
}

async function runAs<T>(c: Context<ServerEnv>, tx: ClinicTx, role: Role, run: Run<T>): Promise<T> {
  const { userId } = c.get('person')
  return run(tx, { userId, roles: await requireRole(tx, userId, role) })
}

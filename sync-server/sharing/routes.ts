import { Hono } from 'hono'
import { z } from 'zod'
import { ClinicId, PatientId } from '#shared/ids.ts'
import { readAsAdmin } from '../clinics/as-member.ts'
import { readBody, readId } from '../http/read-body.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { linkPatients, unlinkPatients } from './link-patients.ts'
import { readSharing } from './read-sharing.ts'

const LinkChange = z.strictObject({ patientId: PatientId })

/**
 * Under a clinic's own routes, for a person who is let in: who its patients are at the owner's other
 * clinics. For its ADMIN, as far as they are ADMIN there too.
 */
export function sharingRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>()
  routes.get('/', async (c) => {
    const asked = await readAsAdmin(deps, c, (tx, { userId }) =>
      Promise.resolve({
        clinicId: tx.clinicId,
        patientId: readId(PatientId, c.req.param('patientId')),
        by: userId,
      }),
    )
    return c.json({ ok: true, clinics: await readSharing(deps.pool, asked) })
  })
  routes.put('/:otherClinicId', async (c) => {
    const { patientId: otherPatientId } = await readBody(c, LinkChange)
    const { by, ...named } = await namedIn(c)
    await linkPatients(deps, { ...named, otherPatientId }, by)
    return c.json({ ok: true })
  })
  routes.delete('/:otherClinicId', async (c) => {
    const { by, ...named } = await namedIn(c)
    await unlinkPatients(deps, named, by)
    return c.json({ ok: true })
  })
  return routes

  /** Whom and which clinics a request names; asked for as the first clinic's ADMIN. */
  function namedIn(c: Parameters<typeof readAsAdmin>[1]) {
    return readAsAdmin(deps, c, (tx, { userId }) =>
      Promise.resolve({
        clinicId: tx.clinicId,
        patientId: readId(PatientId, c.req.param('patientId')),
        otherClinicId: readId(ClinicId, c.req.param('otherClinicId')),
        by: userId,
      }),
    )
  }
}

import { Hono } from 'hono'
import { Settings } from '#shared/clinic.ts'
import { StationId, UserId } from '#shared/ids.ts'
import { StaffChange } from '#shared/protocol.ts'
import { auditRoutes } from '../audit/routes.ts'
import { withUser } from '../database/clinic-tx.ts'
import { readBody, readId } from '../http/read-body.ts'
import { requirePerson } from '../identity/require-person.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { sharingRoutes } from '../sharing/routes.ts'
import { actAsAdmin, actAsDoctor, readAsAdmin } from './as-member.ts'
import { FavouritesChange, replaceFavourites } from './favourites.ts'
import { listMemberships } from './membership.ts'
import { PriceChange, setPrice } from './price-list.ts'
import { replaceSettings } from './settings.ts'
import { changeStaff, readStaff } from './staff.ts'
import { listStations, revokeStation } from './stations.ts'

/** A person's clinics, what an ADMIN does to one, and what a doctor keeps there. */
export function clinicRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>()
  routes.use('/clinics/*', requirePerson(deps))
  routes.route('/clinics/:clinicId/audit', auditRoutes(deps))
  routes.route('/clinics/:clinicId/patients/:patientId/sharing', sharingRoutes(deps))
  routes.get('/clinics', async (c) => {
    const { userId } = c.get('person')
    const memberships = await withUser(deps.pool, userId, (tx) =>
      listMemberships(tx, c.get('address')),
    )
    return c.json({ ok: true, memberships })
  })
  routes.get('/clinics/:clinicId/staff/:userId', async (c) => {
    const userId = readId(UserId, c.req.param('userId'))
    return c.json({ ok: true, staff: await readAsAdmin(deps, c, (tx) => readStaff(tx, userId)) })
  })
  routes.patch('/clinics/:clinicId/staff/:userId', async (c) => {
    const userId = readId(UserId, c.req.param('userId'))
    const change = await readBody(c, StaffChange)
    const staff = await actAsAdmin(deps, c, (tx, admin) =>
      changeStaff(tx, { userId, change, by: admin.userId, now: deps.now() }),
    )
    return c.json({ ok: true, staff })
  })
  routes.put('/clinics/:clinicId/settings', async (c) => {
    const settings = await readBody(c, Settings)
    const written = await actAsAdmin(deps, c, (tx, { userId: by }) =>
      replaceSettings(tx, settings, {
        name: 'replaceSettings',
        by,
        now: deps.now(),
        jobs: deps.jobs,
      }),
    )
    return c.json({ ok: true, settings: written })
  })
  routes.put('/clinics/:clinicId/prices', async (c) => {
    const change = await readBody(c, PriceChange)
    const price = await actAsAdmin(deps, c, (tx, { userId: by }) =>
      setPrice(tx, change, { name: 'setPrice', by, now: deps.now() }),
    )
    return c.json({ ok: true, price })
  })
  routes.put('/clinics/:clinicId/favourites', async (c) => {
    const change = await readBody(c, FavouritesChange)
    const favourites = await actAsDoctor(deps, c, (tx, { userId: by }) =>
      replaceFavourites(tx, change, { name: 'replaceFavourites', by, now: deps.now() }),
    )
    return c.json({ ok: true, favourites })
  })
  routes.get('/clinics/:clinicId/stations', async (c) =>
    c.json({ ok: true, stations: await readAsAdmin(deps, c, listStations) }),
  )
  routes.post('/clinics/:clinicId/stations/:stationId/revoke', async (c) => {
    const stationId = readId(StationId, c.req.param('stationId'))
    const station = await actAsAdmin(deps, c, (tx, { userId }) =>
      revokeStation(tx, stationId, userId, deps.now()),
    )
    return c.json({ ok: true, station })
  })
  return routes
}

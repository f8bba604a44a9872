import { createMiddleware } from 'hono/factory'
import { routePath } from 'hono/route'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'

/** Times and logs each request: ids, codes and the route's pattern; no path, no body, no address. */
export function observe(deps: ServerDeps) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const start = performance.now()
    await next()
    const milliseconds = performance.now() - start
    const route = routePath(c, -1)
    const status = c.res.status
    deps.metrics.requests.observe(
      { method: c.req.method, route, status: String(status) },
      milliseconds / 1000,
    )
    const entry = {
      requestId: c.get('requestId'),
      method: c.req.method,
      route,
      status,
      ms: Math.round(milliseconds),
      ...whoAsked(c.var),
    }
    if (route.startsWith('/v1/')) deps.log.info(entry, 'request')
    else deps.log.debug(entry, 'request')
  })
}

/** The variables are typed as present, but a request refused early has set none. */
function whoAsked({ station, person }: Partial<ServerEnv['Variables']>) {
  if (station !== undefined) return { clinicId: station.clinicId, stationId: station.stationId }
  return person === undefined ? {} : { userId: person.userId }
}

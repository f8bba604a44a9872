import { Hono } from 'hono'
import { AppError } from '#shared/errors.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'

/** For whoever runs the server, not for stations: a proxy in front should not pass these on. */
export function healthRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>()
  routes.get('/healthz', (c) => c.json({ ok: true }))
  routes.get('/readyz', async (c) => {
    if (deps.closing.aborted) throw new AppError('UNAVAILABLE')
    await deps.pool.query('SELECT 1')
    return c.json({ ok: true })
  })
  routes.get('/metrics', async (c) => {
    c.header('Content-Type', deps.metrics.registry.contentType)
    return c.body(await deps.metrics.registry.metrics())
  })
  return routes
}

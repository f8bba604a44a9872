import { Hono } from 'hono'
import { AppError } from '#shared/errors.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'

/** For whoever runs the server, not for stations: a proxy in front should not pass the last two on. */
export function healthRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>()
  routes.get('/healthz', (c) => c.json({ ok: true }))
  // A proxy that keeps them back by their path knows nothing of clinics' addresses.
  routes.on('GET', ['/readyz', '/metrics'], async (c, next) => {
    if (c.get('address') !== undefined) throw new AppError('NOT_FOUND')
    await next()
  })
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

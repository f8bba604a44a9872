import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { requestId } from 'hono/request-id'
import { AppError } from '#shared/errors.ts'
import { atAddress, pathBehindAddress } from '../clinics/clinic-address.ts'
import { clinicRoutes } from '../clinics/routes.ts'
import { identityRoutes } from '../identity/routes.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { PUSH_BODY_BYTES } from '../sync/push-body.ts'
import { syncRoutes } from '../sync/routes.ts'
import { errorResponse } from './error-response.ts'
import { healthRoutes } from './health-routes.ts'
import { observe } from './observe.ts'
import { checkProtocol } from './served-protocol.ts'

const BODY_BYTES = 64 * 1024

/** The whole server as one function from a request to an answer. */
export function createApp(deps: ServerDeps): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>({ getPath: pathBehindAddress })
  app.use(requestId())
  app.use(observe(deps))
  app.use(async (c, next) => {
    // Before the answer is made: put into a made one, they would make it anew, body and all. An event
    // stream says more, that no proxy may transform it.
    c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
    await next()
  })
  const limitPush = limitBody(PUSH_BODY_BYTES)
  const limitOther = limitBody(BODY_BYTES)
  app.use((c, next) => (c.req.path === '/v1/push' ? limitPush : limitOther)(c, next))
  app.use(atAddress(deps))
  app.use('/v1/*', checkProtocol(deps.served))
  app.route('/', healthRoutes(deps))
  app.route('/v1', identityRoutes(deps))
  app.route('/v1', clinicRoutes(deps))
  app.route('/v1', syncRoutes(deps))
  app.notFound(() => {
    throw new AppError('NOT_FOUND')
  })
  app.onError((error, c) => errorResponse(deps, error, c))
  return app
}

/**
 * Hono's own looks at the body, and to look at it makes a stream of it: only for one whose length
 * nobody says. Of the others no more comes than was said (RFC 9112, section 6.3), and what comes with a
 * GET nobody reads.
 */
function limitBody(maxSize: number): MiddlewareHandler<ServerEnv> {
  const onError = (): never => {
    throw new AppError('TOO_LARGE', { limitBytes: maxSize })
  }
  const count = bodyLimit({ maxSize, onError })
  return (c, next) => {
    if (c.req.method === 'GET') return next()
    const said = c.req.header('content-length')
    const isUnsaid = said === undefined || c.req.header('transfer-encoding') !== undefined
    if (isUnsaid) return count(c, next)
    return Number(said) > maxSize ? onError() : next()
  }
}

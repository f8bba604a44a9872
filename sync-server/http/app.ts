import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { requestId } from 'hono/request-id'
import { AppError } from '#shared/errors.ts'
import { MAX_PUSH_BYTES } from '#shared/protocol.ts'
import { atAddress, pathBehindAddress } from '../clinics/clinic-address.ts'
import { clinicRoutes } from '../clinics/routes.ts'
import { identityRoutes } from '../identity/routes.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { syncRoutes } from '../sync/routes.ts'
import { errorResponse } from './error-response.ts'
import { healthRoutes } from './health-routes.ts'
import { observe } from './observe.ts'
import { checkProtocol } from './served-protocol.ts'

/** MAX_PUSH_BYTES counts payloads; inside the request their quotes are escaped. */
const PUSH_BODY_BYTES = 2 * MAX_PUSH_BYTES + 64 * 1024
const BODY_BYTES = 64 * 1024

/** The whole server as one function from a request to an answer. */
export function createApp(deps: ServerDeps): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>({ getPath: pathBehindAddress })
  app.use(requestId())
  app.use(observe(deps))
  app.use(async (c, next) => {
    await next()
    // An event stream says more: that no proxy may transform it.
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
    c.header('X-Content-Type-Options', 'nosniff')
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

function limitBody(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new AppError('TOO_LARGE', { limitBytes: maxSize })
    },
  })
}

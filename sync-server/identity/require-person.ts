import { createMiddleware } from 'hono/factory'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { verifyPersonToken } from './access-token.ts'

/** Lets a person in by their access token. What they may do is read from the clinic they ask about. */
export function requirePerson(deps: ServerDeps) {
  return createMiddleware<ServerEnv>(async (c, next) => {
    const authorization = c.req.header('authorization')
    const userId = await verifyPersonToken(deps.signingKey, authorization, deps.now())
    c.set('person', { userId })
    await next()
  })
}

// Provisional, so that the server starts: the engineer of sync/ replaces this file.
import { Hono } from 'hono'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'

export function syncRoutes(_deps: ServerDeps): Hono<ServerEnv> {
  return new Hono<ServerEnv>()
}

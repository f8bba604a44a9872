import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { CollectionName } from '#shared/collections.ts'
import { UserId } from '#shared/ids.ts'
import { readAsAdmin } from '../clinics/as-member.ts'
import { parseWith, readId } from '../http/read-body.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { contentWith, readFieldsSeen } from './audit-sight.ts'
import { auditOfPerson, auditOfRecord, type AuditPage } from './read-audit.ts'

const PAGE = 50
const Query = z.object({
  before: z.coerce.number().int().min(1).nullable(),
  limit: z.coerce.number().int().min(1).max(200),
})

/**
 * Under a clinic's own routes, for a person who is let in: who did what to a record, and what somebody
 * did, for an ADMIN; latest first, page by page.
 */
export function auditRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const routes = new Hono<ServerEnv>()
  routes.get('/records/:collection/:id', async (c) => {
    const collection = readId(CollectionName, c.req.param('collection'))
    const id = readId(z.string().max(100), c.req.param('id'))
    const page = readPage(c)
    const entries = await readAsAdmin(deps, c, async (tx, admin) => {
      const record = { collection, id }
      const [found, fields] = await Promise.all([
        auditOfRecord(tx, record, page),
        readFieldsSeen(tx, record, admin, deps.now()),
      ])
      return found.map(({ entry, content }) => ({
        ...entry,
        content: contentWith(fields, content),
      }))
    })
    return c.json({ ok: true, entries, before: lastOf(entries, page) })
  })
  routes.get('/people/:userId', async (c) => {
    const userId = readId(UserId, c.req.param('userId'))
    const page = readPage(c)
    const entries = await readAsAdmin(deps, c, (tx) => auditOfPerson(tx, userId, page))
    return c.json({ ok: true, entries, before: lastOf(entries, page) })
  })
  return routes
}

function readPage(c: Context<ServerEnv>): AuditPage {
  return parseWith(Query, {
    before: c.req.query('before') ?? null,
    limit: c.req.query('limit') ?? PAGE,
  })
}

/** Where the next page begins; null: this was the last. */
function lastOf(entries: readonly { seq: number }[], { limit }: AuditPage): number | null {
  return entries.length < limit ? null : (entries.at(-1)?.seq ?? null)
}

import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

/**
 * Where a request came from, for limits. Each trusted proxy appended the address it saw to
 * X-Forwarded-For, so the client's is that many entries from the end; what stands before it is what
 * the client itself claims.
 */
export function clientAddress(c: Context, trustedProxies: number): string {
  if (trustedProxies > 0) {
    const seen = (c.req.header('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim())
    const address = seen.at(-trustedProxies)
    if (address !== undefined && address !== '') return address
  }
  return getConnInfo(c).remote.address ?? 'unknown'
}

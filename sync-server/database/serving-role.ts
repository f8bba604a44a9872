import type pg from 'pg'

/** Row-level security would not hold; the server must not serve. */
export class UnsafeRoleError extends Error {
  override readonly name = 'UnsafeRoleError'
}

/**
 * Refuses a role that row-level security does not bind: a superuser, one with BYPASSRLS, an owner of
 * tables, or one that may become any of these.
 *
 * @throws UnsafeRoleError
 */
export async function assertServingRole(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ role: string; bypasses: boolean; owns: boolean }>(`
    SELECT current_user AS role,
      EXISTS (
        SELECT FROM pg_roles r
        WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(current_user, r.oid, 'MEMBER')
      ) AS bypasses,
      EXISTS (
        SELECT FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND pg_has_role(current_user, c.relowner, 'MEMBER')
      ) AS owns`)
  const found = rows[0]
  if (found === undefined) throw new UnsafeRoleError('the role of DATABASE_URL is unknown')
  if (found.bypasses) {
    throw new UnsafeRoleError(
      `DATABASE_URL: ${found.role} is, or may become, a superuser or BYPASSRLS`,
    )
  }
  if (found.owns) {
    throw new UnsafeRoleError(`DATABASE_URL: ${found.role} owns tables: use another role to serve`)
  }
}

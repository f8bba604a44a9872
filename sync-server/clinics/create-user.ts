import { UserId } from '#shared/ids.ts'
import type { GlobalTx } from '../database/clinic-tx.ts'

export interface NewUser {
  id: UserId
  /** Lower case. */
  email: string
  name: string
  passwordHash: string
}

/** @returns the id under which this e-mail is known: the given one, or the one it had before */
export async function createUser(
  tx: GlobalTx,
  { id, email, name, passwordHash }: NewUser,
): Promise<UserId> {
  const { rows } = await tx.query<{ id: string }>(
    `WITH made AS (
       INSERT INTO users (id, email, name, password_hash) VALUES ($1, $2, $3, $4)
       ON CONFLICT (email) DO NOTHING RETURNING id)
     SELECT id FROM made UNION ALL SELECT id FROM users WHERE email = $2 LIMIT 1`,
    [id, email, name, passwordHash],
  )
  return UserId.parse(rows[0]?.id)
}

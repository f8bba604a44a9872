import { AppError } from '#shared/errors.ts'
import type { UserId } from '#shared/ids.ts'
import type { SignInRequest } from '#shared/protocol.ts'
import type { ServerDeps } from '../server-deps.ts'
import { isPassword } from './password.ts'
import { countAttempt, forgetAttempts } from './sign-in-attempts.ts'

export interface SignedIn {
  userId: UserId
  name: string
}

/**
 * @param address where the request came from
 * @throws AppError SIGN_IN_FAILED, the same for a wrong password and an unknown e-mail; or
 *   TOO_MANY_ATTEMPTS
 */
export async function checkCredentials(
  { pool }: Pick<ServerDeps, 'pool'>,
  { email, password }: SignInRequest,
  address: string,
): Promise<SignedIn> {
  await countAttempt(pool, email, address)
  const { rows } = await pool.query<SignedIn & { passwordHash: string }>(
    `SELECT id AS "userId", name, password_hash AS "passwordHash" FROM users WHERE email = $1`,
    [email],
  )
  const user = rows[0]
  const isRight = await isPassword(user?.passwordHash ?? null, password)
  if (user === undefined || !isRight) throw new AppError('SIGN_IN_FAILED')
  await forgetAttempts(pool, email, address)
  return { userId: user.userId, name: user.name }
}

import { hash, verify } from '@node-rs/argon2'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. (The package's default variant.) */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFC'), COST)
}

let nobody: Promise<string> | undefined

/**
 * @param stored null when there is no such person: then the same work is done against nobody's
 *   password, so that the time says nothing
 */
export async function isPassword(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hashPassword('the password of nobody')
  const matches = await verify(stored ?? (await nobody), password.normalize('NFC'))
  return matches && stored !== null
}

import { hash, verify } from '@node-rs/argon2'

/**
 * argon2id (the library's default) by OWASP's smaller setting (19 MiB, two passes): a desk has 4 GB and people wait. Hashing
 * runs on a thread of libuv's pool; commands go on meanwhile.
 */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** @returns a PHC string with its own salt */
export function makeVerifier(secret: string): Promise<string> {
  return hash(secret.normalize('NFC'), OPTIONS)
}

export function matchesVerifier(verifier: string, secret: string): Promise<boolean> {
  return verify(verifier, secret.normalize('NFC'))
}

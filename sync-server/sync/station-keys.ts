import { createPublicKey, type KeyObject } from 'node:crypto'
import type { PublicKey } from '#shared/protocol.ts'

const known = new Map<string, KeyObject>()
const MAX_KEYS = 10_000

/** As `verify` takes it: made once of each. */
export function keyOfStation(jwk: PublicKey): KeyObject {
  const made = known.get(jwk.x)
  if (made !== undefined) return made
  if (known.size >= MAX_KEYS) known.clear()
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  known.set(jwk.x, key)
  return key
}

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import type { PublicKey } from '#shared/protocol.ts'
import { PrivateKey } from './station-meta.ts'

/** A station's Ed25519 key (RFC 8032): it signs commands and proves possession to the server. */
export function makeKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  return PrivateKey.parse(privateKey.export({ format: 'jwk' }))
}

export function publicPart({ kty, crv, x }: PrivateKey): PublicKey {
  return { kty, crv, x }
}

export function privateKeyObject(key: PrivateKey): KeyObject {
  return createPrivateKey({ key: { ...key }, format: 'jwk' })
}

export function publicKeyObject(key: PublicKey): KeyObject {
  return createPublicKey({ key: { ...key }, format: 'jwk' })
}

/** @returns the signature over the UTF-8 bytes of `text`, base64url */
export function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text, 'utf8'), key).toString('base64url')
}

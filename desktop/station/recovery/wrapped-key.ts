import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { z } from 'zod'
import type { RecoverySeed } from './recovery-code.ts'

const Bytes = z.base64()

/**
 * The file's key, wrapped to the owner's recovery key: X25519 with a fresh ephemeral key, HKDF-SHA256
 * and AES-256-GCM, as in HPKE's base mode (RFC 9180). To make it only the public key is needed, so
 * the station keeps nothing that could open it.
 */
export const WrappedKey = z.strictObject({
  version: z.literal(1),
  /** The owner's public recovery key. */
  recipient: Bytes,
  ephemeral: Bytes,
  nonce: Bytes,
  /** With its 16 bytes of tag at the end. */
  sealed: Bytes,
})
export type WrappedKey = z.infer<typeof WrappedKey>

/** DER of an X25519 key around its 32 bytes (RFC 8410). */
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex')
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex')
const TAG_BYTES = 16
const INFO = 'dawr file key v1'

/** @returns 32 bytes */
export function recoveryPublicKey(seed: RecoverySeed): Buffer {
  return rawPublic(createPublicKey(privateKeyOf(seed)))
}

/** @param key the file's; @param recipient the owner's public key, 32 bytes */
export function wrapKey(key: Uint8Array, recipient: Buffer): WrappedKey {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  const ephemeral = rawPublic(publicKey)
  const nonce = randomBytes(12)
  const shared = diffieHellman({ privateKey, publicKey: publicKeyOf(recipient) })
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(shared, ephemeral, recipient), nonce)
  const sealed = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()])
  return {
    version: 1,
    recipient: recipient.toString('base64'),
    ephemeral: ephemeral.toString('base64'),
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  }
}

/** @returns the file's key; null: this seed is not the recipient, or the copy is damaged */
export function unwrapKey(wrapped: WrappedKey, seed: RecoverySeed): Uint8Array | null {
  const [recipient, ephemeral, nonce, sealed] = [
    wrapped.recipient,
    wrapped.ephemeral,
    wrapped.nonce,
    wrapped.sealed,
  ].map((text) => Buffer.from(text, 'base64'))
  if (!recipient || !ephemeral || !nonce || !sealed) return null
  if (!recipient.equals(recoveryPublicKey(seed))) return null
  try {
    const shared = diffieHellman({
      privateKey: privateKeyOf(seed),
      publicKey: publicKeyOf(ephemeral),
    })
    const cipher = createDecipheriv('aes-256-gcm', wrappingKey(shared, ephemeral, recipient), nonce)
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return new Uint8Array(
      Buffer.concat([cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()]),
    )
  } catch {
    return null
  }
}

function wrappingKey(shared: Buffer, ephemeral: Buffer, recipient: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, recipient]), INFO, 32))
}

function privateKeyOf(seed: RecoverySeed): KeyObject {
  const bytes = Buffer.from(hkdfSync('sha256', seed, 'dawr', 'recovery key v1', 32))
  return createPrivateKey({
    key: Buffer.concat([PRIVATE_DER, bytes]),
    format: 'der',
    type: 'pkcs8',
  })
}

function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_DER, bytes]), format: 'der', type: 'spki' })
}

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32)
}

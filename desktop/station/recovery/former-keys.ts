import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../storage/write-durably.ts'
import { readJson } from './read-json.ts'

/** Beside the clinic's file. Each entry is a key, sealed (AES-256-GCM) under the one that came after it. */
const NAME = 'former-keys.json'
const Bytes = z.base64()
/** `sealed` has its 16 bytes of tag at the end. */
const Entries = z.array(z.strictObject({ nonce: Bytes, sealed: Bytes }))
type Entries = z.infer<typeof Entries>

const TAG_BYTES = 16
const INFO = 'dawr former file key v1'

/** From now on whoever has `next` has `former` too: on the disk when this returns. */
export function keepFormerKey(folder: string, former: Uint8Array, next: Uint8Array): void {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sealingKey(next), nonce)
  const sealed = Buffer.concat([cipher.update(former), cipher.final(), cipher.getAuthTag()])
  const entry = { nonce: nonce.toString('base64'), sealed: sealed.toString('base64') }
  // None is ever taken away: files set aside and copies made before are under them.
  writeDurably(join(folder, NAME), JSON.stringify([...readEntries(folder), entry]))
}

/** Every key that the clinic's file may have had before this one, the latest first. */
export function formerKeys(folder: string, key: Uint8Array): Uint8Array[] {
  const entries = readEntries(folder).toReversed()
  const keys = [key]
  // It grows as it is walked: each may open others.
  for (const each of keys) keys.push(...entries.flatMap((entry) => unseal(entry, each) ?? []))
  return keys.slice(1)
}

function readEntries(folder: string): Entries {
  return readJson(join(folder, NAME), Entries) ?? []
}

function unseal({ nonce, sealed }: Entries[number], key: Uint8Array): Uint8Array | null {
  const bytes = Buffer.from(sealed, 'base64')
  try {
    const cipher = createDecipheriv('aes-256-gcm', sealingKey(key), Buffer.from(nonce, 'base64'))
    cipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    return new Uint8Array(
      Buffer.concat([cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final()]),
    )
  } catch {
    // Another key's, or damaged.
    return null
  }
}

function sealingKey(key: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', INFO, 32))
}

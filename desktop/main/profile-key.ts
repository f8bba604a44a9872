import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of the key of the profile's encrypted file. */
const KEY_BYTES = 32
const KEY_FILE = 'station.key'

/** What we need of Electron's safeStorage: DPAPI on Windows, Keychain, a Linux keyring. */
export interface Keystore {
  platform: NodeJS.Platform
  isAvailable(): Promise<boolean>
  /** Linux only: `basic_text` means a password that is in Chromium's source. */
  backend(): string
  encrypt(text: string): Promise<Buffer>
  decrypt(encrypted: Buffer): Promise<string>
}

export type KeystoreRefusal = 'KEYSTORE_UNAVAILABLE' | 'KEYSTORE_UNPROTECTED'

export type KeyTrouble =
  /** Data without a key: a half-restored backup. Never answered with a new key. */
  | 'KEY_MISSING'
  /** The system no longer decrypts it: a reset password, a copied disk. Needs the recovery key. */
  | 'KEY_UNREADABLE'

export type ProfileKey =
  | { ok: true; key: Uint8Array }
  | { ok: false; code: KeystoreRefusal }
  | { ok: false; code: KeyTrouble }

export function isRecoverable(code: KeystoreRefusal | KeyTrouble): code is KeyTrouble {
  return code === 'KEY_MISSING' || code === 'KEY_UNREADABLE'
}

/** Whether the system's keystore protects a key at all. Only the demo may do without. */
export async function keystoreRefusal(
  keystore: Keystore,
  demo: boolean,
): Promise<KeystoreRefusal | null> {
  if (!(await keystore.isAvailable())) return 'KEYSTORE_UNAVAILABLE'
  const unprotected = keystore.platform === 'linux' && keystore.backend() === 'basic_text'
  return unprotected && !demo ? 'KEYSTORE_UNPROTECTED' : null
}

/** The profile's key; made at its first start, when the folder holds no data yet. */
export async function profileKey(
  folder: string,
  keystore: Keystore,
  demo: boolean,
): Promise<ProfileKey> {
  const refusal = await keystoreRefusal(keystore, demo)
  if (refusal) return { ok: false, code: refusal }
  await mkdir(folder, { recursive: true })
  const stored = await readKeyFile(folder)
  if (stored) return decryptKey(stored, keystore)
  if (await holdsData(folder)) return { ok: false, code: 'KEY_MISSING' }
  const key = randomBytes(KEY_BYTES)
  await writeKeyFile(folder, await keystore.encrypt(key.toString('base64')))
  return { ok: true, key }
}

/**
 * Keeps a key that the recovery code has brought back. The unreadable one stays beside it.
 *
 * @returns false: the keystore or the disk would not
 */
export async function keepProfileKey(
  folder: string,
  keystore: Keystore,
  key: Uint8Array,
): Promise<boolean> {
  try {
    const sealed = await keystore.encrypt(Buffer.from(key).toString('base64'))
    const old = await readKeyFile(folder)
    if (old) await writeFile(join(folder, `${KEY_FILE}.old`), old, { mode: 0o600 })
    await writeKeyFile(folder, sealed)
    return true
  } catch {
    return false
  }
}

async function readKeyFile(folder: string): Promise<Buffer | null> {
  try {
    return await readFile(join(folder, KEY_FILE))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error // an unreadable disk is not an absent key
  }
}

async function decryptKey(stored: Buffer, keystore: Keystore): Promise<ProfileKey> {
  try {
    const key = Buffer.from(await keystore.decrypt(stored), 'base64')
    return key.length === KEY_BYTES ? { ok: true, key } : { ok: false, code: 'KEY_UNREADABLE' }
  } catch {
    return { ok: false, code: 'KEY_UNREADABLE' }
  }
}

async function holdsData(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((name) => /\.(db|sqlite)(-wal)?$/.test(name))
}

/** On the disk before the first byte is encrypted with it: a key lost to a power cut loses the file. */
async function writeKeyFile(folder: string, content: Buffer): Promise<void> {
  const temporary = join(folder, `${KEY_FILE}.new`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(folder, KEY_FILE))
  if (process.platform === 'win32') return // NTFS journals the rename; a folder cannot be synced
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

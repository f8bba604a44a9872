import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, importJWK } from 'jose'
import { PublicKey } from '#shared/protocol.ts'
import { parsePrivateKey, type PrivateKey } from '../config.ts'

/** What this deployment signs tokens and entitlements with; audiences keep them apart. */
export interface SigningKey {
  algorithm: 'EdDSA'
  id: string
  privateKey: CryptoKey
  verifyKey: CryptoKey
  /** As stations pin it at enrolment. */
  publicKey: PublicKey
}

export async function importSigningKey(jwk: PrivateKey): Promise<SigningKey> {
  const publicKey = PublicKey.parse({ kty: jwk.kty, crv: jwk.crv, x: jwk.x })
  const [privateKey, verifyKey] = await Promise.all([
    importJWK({ ...jwk }, 'EdDSA'),
    importJWK({ ...publicKey }, 'EdDSA'),
  ])
  // jose answers with bytes for symmetric keys only.
  if (privateKey instanceof Uint8Array || verifyKey instanceof Uint8Array) {
    throw new TypeError('not an asymmetric key')
  }
  const id = await calculateJwkThumbprint(publicKey)
  return { algorithm: 'EdDSA', id, privateKey, verifyKey, publicKey }
}

/** The key of the data folder, made at the first start. Losing it makes every station enrol again. */
export async function keepSigningKey(dataFolder: string): Promise<PrivateKey> {
  const file = join(dataFolder, 'signing-key.json')
  await mkdir(dataFolder, { recursive: true })
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { kty, crv, x, d } = await exportJWK(privateKey)
  try {
    // `wx`: the first of two processes wins, and the other reads its key.
    await writeFile(file, JSON.stringify({ kty, crv, x, d }), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return parsePrivateKey(await readFile(file, 'utf8'), 'the signing key in DATA_FOLDER')
}

import { verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { Context } from 'hono'
import { EPOCH_HEADER, MAX_PUSH_BYTES, type PublicKey, PushRequest } from '#shared/protocol.ts'
import { SEAL_HEADER, sealText } from '#shared/push-seal.ts'
import { parseJsonText } from '../http/json-text.ts'
import { parseWith, readText } from '../http/read-body.ts'
import { keyOfStation } from './station-keys.ts'

/** MAX_PUSH_BYTES counts payloads; inside the request their quotes are escaped. Also when unpacked. */
export const PUSH_BODY_BYTES = 2 * MAX_PUSH_BYTES + 64 * 1024

export interface ReadPush extends PushRequest {
  /** The pushing station's key signed the whole: so it did each command of that station. */
  isSealed: boolean | Promise<boolean>
  /** Of the station's checkpoint; null: it has none, or is of an app that does not say. */
  epoch: string | null
}

const verifySignature = promisify(verify)

/** @throws AppError TOO_LARGE or INVALID. A seal that is not good is none: each signature is looked at */
export async function readPush(c: Context, key: PublicKey): Promise<ReadPush> {
  const text = await readText(c, PUSH_BODY_BYTES)
  const seal = c.req.header(SEAL_HEADER)
  // Another thread looks at the seal while we read, the commands too.
  const isSealed = seal === undefined ? false : isSeal(seal, text, key)
  const request = parseWith(PushRequest, parseJsonText(text))
  const epoch = c.req.header(EPOCH_HEADER) ?? null
  return { ...request, isSealed, epoch }
}

/** Never throws: who waits for it may be gone by then, refused for something else. */
async function isSeal(seal: string, text: string, key: PublicKey): Promise<boolean> {
  const signature = Buffer.from(seal, 'base64url')
  try {
    return await verifySignature(null, Buffer.from(sealText(text)), keyOfStation(key), signature)
  } catch {
    return false
  }
}

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
  isSealed: boolean
  /** Of the station's checkpoint; null: it has none, or is of an app that does not say. */
  epoch: string | null
}

const verifySignature = promisify(verify)

/** @throws AppError TOO_LARGE or INVALID. A seal that is not good is none: each signature is looked at */
export async function readPush(c: Context, key: PublicKey): Promise<ReadPush> {
  const text = await readText(c, PUSH_BODY_BYTES)
  const seal = c.req.header(SEAL_HEADER)
  const checked = seal === undefined ? false : isSeal(seal, text, key)
  // Read while another thread looks at the seal.
  const request = parseWith(PushRequest, parseJsonText(text))
  const epoch = c.req.header(EPOCH_HEADER) ?? null
  return { ...request, isSealed: await checked, epoch }
}

function isSeal(seal: string, text: string, key: PublicKey): Promise<boolean> {
  const signature = Buffer.from(seal, 'base64url')
  return verifySignature(null, Buffer.from(sealText(text)), keyOfStation(key), signature)
}

import { verify } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import { WritableCollection } from '#shared/collections.ts'
import { Command, MAX_WRITES } from '#shared/commands.ts'
import { AppError, type ErrorCode, type ErrorDetails } from '#shared/errors.ts'
import { CommandId } from '#shared/ids.ts'
import type { SignedCommand } from '#shared/protocol.ts'
import { nodeOfStation, type Stamp, stampNode } from '#shared/stamp.ts'
import { isStorable, isStorableJson } from '../http/json-text.ts'
import type { Sender } from './senders.ts'
import { keyOfStation } from './station-keys.ts'
import { keyOf } from './working-set.ts'

/** A signed command as it came off the line: read, or refused for itself. */
export type Arrival =
  | {
      kind: 'COMMAND'
      command: Command
      /** Its JSON, in which a stamp can be found by its form. */
      text: string
      /** Its stamp as its station gave it, if that was too far ahead; else null. */
      clampedFrom: Stamp | null
    }
  | {
      kind: 'REFUSED'
      commandId: CommandId
      code: ErrorCode
      details: ErrorDetails
      /** `collection:id` of what it writes, to be answered with what stands; none if it is not signed. */
      touches: readonly string[]
    }

const verifySignature = promisify(verify)
const Identified = z.object({ commandId: CommandId })
/** What a command writes, whatever else is wrong with it. */
const Touching = z.object({
  writes: z
    .array(z.object({ collection: WritableCollection, id: z.string().max(64) }))
    .max(MAX_WRITES),
})

const FEW = 4

/**
 * Reads the commands of a push: signature first, then form. One that is bad is refused for itself,
 * and not remembered by its id: whoever could not sign it must not use the id up.
 *
 * @param isSealed the sender's key has signed all of them together
 * @throws AppError INVALID if a command is so broken that not even its id can be read
 */
export async function readArrivals(
  commands: readonly SignedCommand[],
  station: Sender,
  isSealed: boolean | Promise<boolean>,
): Promise<Arrival[]> {
  const key = keyOfStation(station.publicKey)
  // Handing a few over to other threads takes longer than looking at them here.
  const check = commands.length > FEW ? verifySignature : verify
  const look: Check = ({ payload, signature }) =>
    check(null, Buffer.from(payload), key, Buffer.from(signature, 'base64url'))
  const isSigned: Check = async (signed) => (await isSealed) || look(signed)
  return Promise.all(
    commands.map((signed, index) => readArrival(signed, station, { isSigned, index })),
  )
}

type Check = (signed: SignedCommand) => boolean | Promise<boolean>

async function readArrival(
  signed: SignedCommand,
  station: Sender,
  { isSigned, index }: { isSigned: Check; index: number },
): Promise<Arrival> {
  const { payload } = signed
  const value = parseJson(payload)
  const identified = Identified.safeParse(value)
  if (!identified.success) throw new AppError('INVALID', { issues: [`commands.${index}`] })
  const { commandId } = identified.data
  const refuse = (
    code: ErrorCode,
    details: ErrorDetails = {},
    touches: readonly string[] = [],
  ): Arrival => ({ kind: 'REFUSED', commandId, code, details, touches })
  // The signature is over UTF-8, where a lone surrogate has no form: it would not be what was signed.
  if (!payload.isWellFormed()) return refuse('INVALID', { issues: ['payload'] })
  const checked = isSigned(signed)
  // Read while other threads look at the signature: without a good one it is not what it says.
  const read = readSigned(payload, value, { station, refuse })
  return (await checked) ? read : refuse('BAD_SIGNATURE')
}

/** @param refuse of the command, by what it says its id is */
function readSigned(
  payload: string,
  value: unknown,
  {
    station,
    refuse,
  }: {
    station: Sender
    refuse: (code: ErrorCode, details?: ErrorDetails, touches?: readonly string[]) => Arrival
  },
): Arrival {
  // It is the station's own: it is told what stands, and takes back what it had written.
  const invalid = (issues: string[]): Arrival => refuse('INVALID', { issues }, readTouches(value))
  const parsed = Command.safeParse(value)
  if (!parsed.success) return invalid(issuesOf(parsed.error))
  const command = parsed.data
  if (!isStorableJson(payload, value)) return invalid(['text'])
  if (command.stationId !== station.stationId) return invalid(['stationId'])
  const isOurs = command.writes.every(
    ({ base, next }) =>
      next.clinicId === station.clinicId && (base === null || base.clinicId === station.clinicId),
  )
  if (!isOurs) return invalid(['clinicId'])
  // A stamp under another station's name would be told apart from this one's: never clamped.
  if (stampNode(command.at) !== nodeOfStation(command.stationId)) {
    return refuse('NOT_THE_COMMAND', {}, readTouches(value))
  }
  // As signed, a stamp may be written with escapes.
  const text = payload.includes('\\u') ? JSON.stringify(command) : payload
  return { kind: 'COMMAND', command, text, clampedFrom: null }
}

function readTouches(value: unknown): string[] {
  const writes = Touching.safeParse(value).data?.writes ?? []
  const keys = writes.filter(isStorable).map(({ collection, id }) => keyOf(collection, id))
  return [...new Set(keys)]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The names of fields, never their values. */
export function issuesOf(error: z.ZodError): string[] {
  return [...new Set(error.issues.map(({ path }) => path.join('.')))].slice(0, 20)
}

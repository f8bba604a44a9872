import { existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { CollectionName } from '#shared/collections.ts'
import { ClinicId, StationId } from '#shared/ids.ts'
import {
  EnrolRequest,
  EnrolResponse,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  PullResponse,
  PushResponse,
} from '#shared/protocol.ts'

const FOLDER = join(import.meta.dirname, '../recorded')

const Recorded = z.object({
  path: z.string(),
  /** The version it says in its header. */
  protocol: z.string(),
  body: z.record(z.string(), z.unknown()),
  /** The server's clock then, milliseconds. */
  at: z.number(),
  status: z.number(),
  /** Of a push, one for each command. */
  verdicts: z.array(z.string()),
})

/** What a station of one version said in a day's work, and what it was told. */
export const RecordedSession = z.object({
  version: z.int(),
  clinicId: ClinicId,
  stationId: StationId,
  letter: z.string(),
  publicKey: z.string(),
  epoch: z.string(),
  /** Whatever a later version calls its documents, this station knows these. */
  collections: z.array(z.string()),
  requests: z.array(Recorded),
})
export type RecordedSession = z.infer<typeof RecordedSession>

/** The versions of which there is a recording, ascending. */
export function recordedVersions(): number[] {
  return existsSync(FOLDER)
    ? readdirSync(FOLDER)
        .map(Number)
        .toSorted((a, b) => a - b)
    : []
}

const fileOf = (version: number): string => join(FOLDER, String(version), 'session.json')

export function readSession(version: number): RecordedSession {
  return RecordedSession.parse(JSON.parse(readFileSync(fileOf(version), 'utf8')))
}

/** Only ever for the version of this code: what others said can be heard from them alone. */
export function writeSession(recorded: Partial<RecordedSession>): void {
  const session = RecordedSession.parse(recorded)
  mkdirSync(dirname(fileOf(session.version)), { recursive: true })
  writeFileSync(fileOf(session.version), `${JSON.stringify(session)}\n`)
}

/**
 * Listens to all that is sent by `fetch` until stopped.
 *
 * @param now the server's clock, milliseconds
 */
export function recordRequests(now: () => number): { stop: () => Partial<RecordedSession> } {
  const real = globalThis.fetch
  const requests: RecordedSession['requests'] = []
  const found: Partial<RecordedSession> = {}
  globalThis.fetch = async (input, init) => {
    const at = now()
    const response = await real(input, init)
    const { body, headers } = init ?? {}
    if (typeof body !== 'string') return response
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    const answer: unknown = await response.clone().json()
    const pushed = PushResponse.safeParse(answer).data
    requests.push({
      path: pathname,
      protocol: new Headers(headers).get(PROTOCOL_HEADER) ?? '',
      body: z.record(z.string(), z.unknown()).parse(JSON.parse(body)),
      at,
      status: response.status,
      verdicts: pushed?.results.map(({ verdict }) => verdict) ?? [],
    })
    const enrolled = EnrolResponse.safeParse(answer).data
    if (enrolled !== undefined) {
      const { clinicId, stationId, letter } = enrolled
      const { publicKey } = EnrolRequest.parse(JSON.parse(body))
      Object.assign(found, { clinicId, stationId, letter, publicKey: publicKey.x })
    }
    const epoch = PullResponse.safeParse(answer).data?.checkpoint.epoch
    if (epoch !== undefined) found.epoch = epoch
    return response
  }
  return {
    stop: () => {
      globalThis.fetch = real
      const version = PROTOCOL_VERSION
      return { version, collections: CollectionName.options, requests, ...found }
    },
  }
}

import { existsSync, readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
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
import { openBadLine } from './bad-line.ts'

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
export function writeSession(session: RecordedSession): void {
  mkdirSync(dirname(fileOf(session.version)), { recursive: true })
  writeFileSync(fileOf(session.version), `${JSON.stringify(session)}\n`)
}

/** What stations say to one server, as it passes on the line between them. */
export interface Recording {
  /** Where stations reach the server. */
  readonly url: string
  session(): RecordedSession
  close(): Promise<void>
}

/**
 * @param serverUrl of the server that answers
 * @param now the server's clock, milliseconds
 */
export async function recordRequests(serverUrl: string, now: () => number): Promise<Recording> {
  const requests: RecordedSession['requests'] = []
  const found: Partial<RecordedSession> = {}
  const line = await openBadLine(({ method, path, headers, body }, { head, body: answered }) => {
    if (method !== 'POST') return
    const said = z.record(z.string(), z.unknown()).parse(readJson(headers, body))
    const answer = readJson(head.headers, answered)
    requests.push({
      path,
      protocol: headers[PROTOCOL_HEADER] ?? '',
      body: said,
      at: now(),
      status: head.statusCode ?? 0,
      verdicts: PushResponse.safeParse(answer).data?.results.map(({ verdict }) => verdict) ?? [],
    })
    const enrolled = EnrolResponse.safeParse(answer).data
    if (enrolled !== undefined) {
      const { clinicId, stationId, letter } = enrolled
      const { publicKey } = EnrolRequest.parse(said)
      Object.assign(found, { clinicId, stationId, letter, publicKey: publicKey.x })
    }
    const epoch = PullResponse.safeParse(answer).data?.checkpoint.epoch
    if (epoch !== undefined) found.epoch = epoch
  })
  line.begin([serverUrl], 0)
  return {
    url: line.url,
    session: () =>
      RecordedSession.parse({
        version: PROTOCOL_VERSION,
        collections: CollectionName.options,
        requests,
        ...found,
      }),
    close: () => line.close(),
  }
}

function readJson(headers: IncomingHttpHeaders, body: Buffer): unknown {
  const isPacked = headers['content-encoding'] === 'gzip'
  return JSON.parse((isPacked ? gunzipSync(body) : body).toString())
}

import type { Identity } from '#desktop/station/replica/station-meta.ts'
import { startClock, SYSTEM_CLOCK } from '#desktop/station/replica/station-clock.ts'
import { privateKeyObject, publicPart } from '#desktop/station/replica/station-key.ts'
import { enrolStation } from '#desktop/station/session/enrolment.ts'
import { serverLine } from '#desktop/station/sync/server-line.ts'
import { openCredential } from '#desktop/station/sync/station-credential.ts'
import { stationDoor } from '#desktop/station/sync/station-door.ts'
import { SessionResponse } from '#shared/protocol.ts'
import { BENCH_CLINIC, BENCH_PASSWORD, DESK } from './clinic.ts'

/** An enrolled station without a file: what it takes to ask the server, and nothing that costs more. */
export interface Caller {
  readonly identity: Identity
  /** By which the server knows it. */
  readonly headers: Readonly<Record<string, string>>
  /** Posts JSON text and reads the answer as text, neither made nor understood. */
  post(path: string, body: string, headers?: Record<string, string>): Promise<string>
}

/** Enrols, and signs the desk in: its commands may come from this station. */
export async function enrolCaller(serverUrl: string, clinicId = BENCH_CLINIC): Promise<Caller> {
  const enrolled = await enrolStation({
    serverUrl,
    email: DESK.email,
    password: BENCH_PASSWORD,
    clinicId,
    stationName: 'القياس',
  })
  const { identity } = enrolled
  let { refreshToken } = enrolled
  const line = serverLine(serverUrl)
  const credential = openCredential({
    line,
    clock: startClock(SYSTEM_CLOCK),
    key: privateKeyObject(identity.key),
    publicKey: publicPart(identity.key),
    refreshToken: () => refreshToken,
    keepRefreshToken: (token) => void (refreshToken = token),
    stopped: new AbortController().signal,
  })
  await stationDoor(line, credential, new AbortController().signal).post({
    path: '/v1/sessions',
    body: { email: DESK.email, password: BENCH_PASSWORD },
    answer: SessionResponse,
    timeoutMs: 20_000,
  })
  const own = { authorization: `Bearer ${await credential.accessToken()}` }
  return {
    identity,
    headers: own,
    post: (path, body, headers = {}) => postText(line.url(path), body, { ...own, ...headers }),
  }
}

/** @throws Error with the answer, when it is none of success */
export async function postText(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${new URL(url).pathname}: ${response.status} ${text}`)
  return text
}

import type { z } from 'zod'
import { AppError, Refusal } from '#shared/errors.ts'
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/protocol.ts'

/** The server's HTTP door, before any question of who asks. */
export interface ServerLine {
  readonly url: (path: string) => string
  /**
   * @throws AppError with the server's own code; OFFLINE when there was no answer in time;
   *   UNAVAILABLE when something on the way answered in its place
   */
  post<Schema extends z.ZodType>(request: PostRequest<Schema>): Promise<z.infer<Schema>>
  /** @throws AppError as `post` does; the stream itself ends or throws when the line breaks */
  open(request: OpenRequest): Promise<ReadableStream<Uint8Array>>
}

export interface PostRequest<Schema extends z.ZodType> {
  readonly path: string
  readonly body: unknown
  readonly answer: Schema
  readonly headers?: Record<string, string>
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface OpenRequest {
  readonly path: string
  readonly headers: Record<string, string>
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const VERSION = { [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) }

export function serverLine(serverUrl: string): ServerLine {
  const base = serverUrl.endsWith('/') ? serverUrl : `${serverUrl}/`
  const url = (path: string): string => new URL(path.replace(/^\//, ''), base).href
  return {
    url,
    async post({ path, body, answer, headers, timeoutMs, signal }) {
      const response = await request(url(path), {
        method: 'POST',
        headers: { ...VERSION, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: timeLimit(timeoutMs, signal),
      })
      const value = await readJson(response)
      const parsed = answer.safeParse(value)
      // Not the server's own words: a hotel's sign-in page, a proxy, an antivirus.
      if (!parsed.success) throw new AppError('UNAVAILABLE', { status: response.status })
      return parsed.data
    },
    async open({ path, headers, timeoutMs, signal }) {
      const opening = new AbortController()
      const timer = setTimeout(() => opening.abort(), timeoutMs)
      try {
        const response = await request(url(path), {
          method: 'GET',
          headers: { ...VERSION, accept: 'text/event-stream', ...headers },
          signal: AbortSignal.any([signal, opening.signal]),
        })
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
        if (response.body === null || isStream !== true) {
          await response.body?.cancel()
          throw new AppError('UNAVAILABLE', { status: response.status })
        }
        return response.body
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

function timeLimit(timeoutMs: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { ...init, redirect: 'error' })
  } catch (error) {
    throw offline(error)
  }
  if (response.ok) return response
  const refusal = Refusal.safeParse(await readJson(response))
  if (refusal.success) throw new AppError(refusal.data.code, refusal.data.details)
  if (response.status === 413) throw new AppError('TOO_LARGE')
  throw new AppError('UNAVAILABLE', { status: response.status })
}

async function readJson(response: Response): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw offline(error)
  }
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The name of what failed, for the log; never a URL or a body. */
function offline(error: unknown): AppError {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const name = cause instanceof Error ? cause.name : 'unknown'
  return new AppError('OFFLINE', { cause: typeof code === 'string' ? code : name })
}

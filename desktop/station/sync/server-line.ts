import type { z } from 'zod'
import { AppError, Refusal } from '#shared/errors.ts'
import { openPostText } from './post-text.ts'
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/protocol.ts'

/** The server's HTTP door, before any question of who asks. */
export interface ServerLine {
  readonly url: (path: string) => string
  /**
   * @throws AppError with the server's own code; OFFLINE when there was no answer in time;
   *   UNAVAILABLE when something on the way answered in its place
   */
  post<Schema extends z.ZodType>(request: PostRequest<Schema>): Promise<z.infer<Schema>>
  /** What a person asks of the server, off the way of the desk's own work. @throws AppError as `post` does */
  ask<Schema extends z.ZodType>(request: AskRequest<Schema>): Promise<z.infer<Schema>>
  /** @throws AppError as `post` does; the stream itself ends or throws when the line breaks */
  open(request: OpenRequest): Promise<ReadableStream<Uint8Array>>
}

export interface PostRequest<Schema extends z.ZodType> {
  readonly path: string
  readonly body: unknown
  readonly answer: Schema
  readonly headers?: Record<string, string>
  /** Headers that depend on the body's text. */
  readonly seal?: (body: string) => Record<string, string>
  /** Whether the body may be packed, if the server reads such. */
  readonly mayPack?: boolean
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface AskRequest<Schema extends z.ZodType> {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly answer: Schema
  readonly headers: Record<string, string>
  readonly timeoutMs: number
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
  const postText = openPostText(new URL(base))
  return {
    url,
    async post({ path, body, answer, headers, seal, mayPack = false, timeoutMs, signal }) {
      const sent = JSON.stringify(body)
      const { status, text } = await postText(url(path), {
        headers: { ...VERSION, 'content-type': 'application/json', ...headers, ...seal?.(sent) },
        body: sent,
        mayPack,
        signal: timeLimit(timeoutMs, signal),
      }).catch((error: unknown) => {
        throw offline(error)
      })
      const value = parseJson(text)
      if (status < 200 || status > 299) throw refusalOf(status, value)
      return parseAnswer(answer, status, value)
    },
    async ask({ method, path, body, answer, headers, timeoutMs }) {
      const { status, text } = await fetchText(url(path), {
        method,
        headers: { ...VERSION, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: timeLimit(timeoutMs, undefined),
      })
      return parseAnswer(answer, status, parseJson(text))
    },
    async open({ path, headers, timeoutMs, signal }) {
      const opening = new AbortController()
      const timer = setTimeout(() => opening.abort(), timeoutMs)
      try {
        const response = await fetchGood(url(path), {
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

async function fetchGood(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error' })
    if (response.ok) return response
    throw refusalOf(response.status, parseJson(await response.text()))
  } catch (error) {
    throw error instanceof AppError ? error : offline(error)
  }
}

async function fetchText(
  url: string,
  init: RequestInit,
): Promise<{ status: number; text: string }> {
  const response = await fetchGood(url, init)
  try {
    return { status: response.status, text: await response.text() }
  } catch (error) {
    throw offline(error)
  }
}

function parseAnswer<Schema extends z.ZodType>(
  answer: Schema,
  status: number,
  value: unknown,
): z.infer<Schema> {
  const parsed = answer.safeParse(value)
  // Not the server's own words: a hotel's sign-in page, a proxy, an antivirus.
  if (!parsed.success) throw new AppError('UNAVAILABLE', { status })
  return parsed.data
}

/** The server's own word, or that something on the way answered in its place. */
function refusalOf(status: number, value: unknown): AppError {
  const refusal = Refusal.safeParse(value)
  if (refusal.success) return new AppError(refusal.data.code, refusal.data.details)
  return status === 413 ? new AppError('TOO_LARGE') : new AppError('UNAVAILABLE', { status })
}

function parseJson(text: string): unknown {
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

import { Agent as PlainAgent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

const unzip = promisify(gunzip)

interface PostOptions {
  readonly headers: Record<string, string>
  readonly body: string
  /** Ends it, whatever it waits for. */
  readonly signal: AbortSignal
}

interface TextAnswer {
  readonly status: number
  readonly text: string
}

/** @throws Error of the line: there was no whole answer */
export type PostText = (url: string, options: PostOptions) => Promise<TextAnswer>

/**
 * Posts over connections that are kept. Not by `fetch`, whose request leaves some turns of the event
 * loop later: after a command the desk's own views would be computed first, and the others wait for it.
 */
export function openPostText(base: URL): PostText {
  const isSecure = base.protocol === 'https:'
  const kept = new (isSecure ? SecureAgent : PlainAgent)({ keepAlive: true })
  const request = isSecure ? requestSecure : requestPlain

  function ask(
    agent: PlainAgent | false,
    url: string,
    { headers, body, signal }: PostOptions,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method: 'POST',
        agent,
        signal,
        headers: {
          ...headers,
          'accept-encoding': 'gzip',
          'content-length': Buffer.byteLength(body),
        },
      })
      sent.once('response', resolve)
      sent.once('error', (error) => {
        const wasStale = sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
        reject(wasStale && !signal.aborted ? new StaleConnection() : error)
      })
      sent.end(body)
    })
  }

  async function askAgain(url: string, options: PostOptions): Promise<IncomingMessage> {
    try {
      return await ask(kept, url, options)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      // Whatever is asked of the server may be asked twice; the next kept one may be as stale.
      return ask(false, url, options)
    }
  }

  return async (url, options) => {
    const answer = await askAgain(url, options)
    const pieces: Buffer[] = []
    for await (const piece of answer) pieces.push(Buffer.from(piece as Uint8Array))
    const bytes = Buffer.concat(pieces)
    const isZipped = answer.headers['content-encoding'] === 'gzip'
    return {
      status: answer.statusCode ?? 0,
      text: (isZipped ? await unzip(bytes) : bytes).toString('utf8'),
    }
  }
}

/** Kept for too long, and ended by the other side before it answered. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection'
  readonly code = 'ECONNRESET'
}

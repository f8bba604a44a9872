import { Agent as PlainAgent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { promisify } from 'node:util'
import { constants, gunzip, gzip, gzipSync } from 'node:zlib'

const unzip = promisify(gunzip)
const zip = promisify(gzip)
const FAST = { level: constants.Z_BEST_SPEED }
/** What is shorter goes in one packet anyway. Bytes. */
const WORTH_PACKING = 1_400
/** Up to this it is done on the spot, bytes: to come back to it some turns later would take longer. */
const SHORT = 32 * 1024
/**
 * A packed page of the feed comes to about ten times its length. With zlib's own pieces of 16 KB it came back to this
 * thread 200 times, which a thread that applies the page before has no time for: unpacking began when that was done.
 */
const UNPACKED = { times: 12, least: 16 * 1024, most: 8 * 1024 * 1024 }
/** Answers of a server that cannot read what is packed, whatever another instance of it said. */
const UNREADABLE = [400, 415]

interface PostOptions {
  readonly headers: Record<string, string>
  readonly body: string
  /** Whether it may be packed, if the server has said that it reads such (RFC 7694). */
  readonly mayPack?: boolean
  /** Ends it, whatever it waits for. */
  readonly signal: AbortSignal
}

interface TextAnswer {
  readonly status: number
  readonly text: string
}

interface Sent extends Pick<PostOptions, 'headers' | 'signal'> {
  readonly body: Uint8Array
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
  let readsPacked = false

  function ask(
    agent: PlainAgent | false,
    url: string,
    { headers, body, signal }: Sent,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method: 'POST',
        agent,
        signal,
        headers: {
          ...headers,
          'accept-encoding': 'gzip',
          'content-length': body.byteLength,
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

  async function askAgain(url: string, options: Sent): Promise<IncomingMessage> {
    try {
      return await ask(kept, url, options)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      // Whatever is asked of the server may be asked twice; the next kept one may be as stale.
      return ask(false, url, options)
    }
  }

  async function askPacked(url: string, options: PostOptions): Promise<IncomingMessage> {
    const { headers, signal, mayPack = false } = options
    const body = Buffer.from(options.body)
    if (mayPack && readsPacked && body.byteLength > WORTH_PACKING) {
      const packed = body.byteLength > SHORT ? await zip(body, FAST) : gzipSync(body, FAST)
      const named = { ...headers, 'content-encoding': 'gzip' }
      const answer = await askAgain(url, { headers: named, body: packed, signal })
      if (!UNREADABLE.includes(answer.statusCode ?? 0)) return answer
      readsPacked = false
      answer.resume()
    }
    return askAgain(url, { headers, body, signal })
  }

  return async (url, options) => {
    const answer = await askPacked(url, options)
    if (answer.headers['accept-encoding']?.includes('gzip') === true) readsPacked = true
    const pieces: Buffer[] = []
    for await (const piece of answer) pieces.push(Buffer.from(piece as Uint8Array))
    const bytes = Buffer.concat(pieces)
    const isZipped = answer.headers['content-encoding'] === 'gzip'
    return {
      status: answer.statusCode ?? 0,
      text: (isZipped ? await unpack(bytes) : bytes).toString('utf8'),
    }
  }
}

function unpack(bytes: Buffer): Promise<Buffer> {
  const { times, least, most } = UNPACKED
  return unzip(bytes, { chunkSize: Math.min(Math.max(bytes.byteLength * times, least), most) })
}

/** Kept for too long, and ended by the other side before it answered. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection'
  readonly code = 'ECONNRESET'
}

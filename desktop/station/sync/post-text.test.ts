import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { openPostText, type PostText } from './post-text.ts'

async function listen(server: Server): Promise<PostText> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `http://127.0.0.1:${address.port}/`
  const post = openPostText(new URL(url))
  return (path, options) => post(url + path, options)
}

const serve = (answer: RequestListener): Promise<PostText> => listen(createServer(answer))
const options = (body = '{}') => ({ headers: {}, body, signal: new AbortController().signal })

/** A thread that is at work all the time. @returns its turns until then */
async function workUntil(answer: Promise<unknown>): Promise<number> {
  const answered = answer.then(() => true)
  for (let turns = 1; ; turns += 1) {
    const until = performance.now() + 5
    while (performance.now() < until);
    if (await Promise.race([answered, setImmediate(false)])) return turns
  }
}

test('an answer comes as it was, compressed on the way or not', async () => {
  const post = await serve((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      const isZipped = request.url === '/zipped'
      response.writeHead(201, isZipped ? { 'content-encoding': 'gzip' } : {})
      response.end(isZipped ? gzipSync(body) : body)
    })
  })
  for (const path of ['plain', 'zipped']) {
    expect(await post(path, options('{"اسم":"منى"}'))).toEqual({
      status: 201,
      text: '{"اسم":"منى"}',
    })
  }
})

test('a long body is packed for a server that says it reads such, and sent again to one that does not', async () => {
  const said: string[] = []
  let reads = false
  const post = await serve((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const encoding = request.headers['content-encoding'] ?? 'plain'
      const bytes = Buffer.concat(pieces)
      said.push(encoding)
      const isRead = reads || encoding === 'plain'
      response.writeHead(isRead ? 200 : 400, reads ? { 'accept-encoding': 'gzip, deflate' } : {})
      response.end(encoding === 'gzip' && isRead ? gunzipSync(bytes) : bytes)
    })
  })
  const ask = async (body: string, mayPack = true): Promise<string> => {
    said.length = 0
    const answer = await post('', { ...options(body), mayPack })
    expect(answer).toEqual({ status: 200, text: body })
    return said.join(' ')
  }
  const [short, long, longer] = ['منى', 'منى '.repeat(400), 'منى '.repeat(40_000)]
  expect(await ask(long)).toBe('plain')
  reads = true
  expect(await ask(long)).toBe('plain')
  expect(await ask(long)).toBe('gzip')
  expect(await ask(longer)).toBe('gzip')
  expect(await ask(short)).toBe('plain')
  expect(await ask(long, false)).toBe('plain')
  // Another instance of it, not updated yet.
  reads = false
  expect(await ask(long)).toBe('gzip plain')
  expect(await ask(long)).toBe('plain')
})

test('a page is unpacked beside a thread that is at work on the one before', async () => {
  const documents = Array.from(
    { length: 5_000 },
    (_, n) => `{"id":"${n}","name":"منى ${n * 7_919}"}`,
  )
  const text = `[${documents.join(',').repeat(12)}]`
  const zipped = gzipSync(text, { level: 1 })
  const post = await serve((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' })
    response.end(zipped)
  })
  const answer = post('', options())
  const turns = await workUntil(answer)
  expect((await answer).text === text).toBe(true)
  // So many as bring it in, some tens of KB in each; it came to one for each 16 KB of what is unpacked.
  expect(turns).toBeLessThan(text.length / (16 * 1024) / 2)
})

test('an answer that is cut off is none', async () => {
  const post = await serve((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{"ok":')
    setTimeout(() => response.destroy(), 20)
  })
  await expect(post('', options())).rejects.toThrow('aborted')
})

test('a kept connection that the other side has given up is not the end', async () => {
  let connections = 0
  const post = await listen(
    createTcpServer((socket) => {
      connections += 1
      let requests = 0
      socket.on('error', () => undefined)
      socket.on('data', () => {
        requests += 1
        // The second on one connection meets a server that has just closed it.
        if (requests > 1) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
      })
    }),
  )
  for (let time = 0; time < 3; time += 1) {
    expect(await post('', options())).toEqual({ status: 200, text: '{}' })
    await setImmediate()
  }
  expect(connections).toBeGreaterThan(1)
})

test('what is no longer wanted ends', async () => {
  const asked = Promise.withResolvers<void>()
  const post = await serve(() => asked.resolve())
  const stopping = new AbortController()
  const answer = post('', { headers: {}, body: '{}', signal: stopping.signal })
  await asked.promise
  stopping.abort()
  await expect(answer).rejects.toThrow('abort')
})

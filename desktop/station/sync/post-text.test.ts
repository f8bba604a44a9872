import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Server } from 'node:net'
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
    await new Promise((done) => setImmediate(done))
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

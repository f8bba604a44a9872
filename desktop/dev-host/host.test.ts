import { once, type EventEmitter } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startHost, type Host } from './host.ts'

let folder = ''
let host: Host
let opened = 0
let closed = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dawr-host-'))
  await writeFile(join(folder, 'index.html'), '<title>Dawr</title>')
  opened = 0
  closed = 0
  host = await startHost({
    port: 0,
    rendererFolder: folder,
    connect(port) {
      opened += 1
      port.onMessage((message) => port.send({ echo: message }))
      port.onClose(() => {
        closed += 1
      })
    },
  })
})
afterEach(async () => {
  await host.close()
  await rm(folder, { recursive: true })
})

async function cookieOf(): Promise<string> {
  const response = await fetch(host.url, { redirect: 'manual' })
  expect(response.status).toBe(303)
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

/** What comes with the next such event. */
async function next(emitter: EventEmitter, event: string): Promise<unknown> {
  const values: unknown[] = await once(emitter, event)
  return values[0]
}

function socketWith(headers: Record<string, string>): WebSocket {
  return new WebSocket(`${new URL(host.url).origin.replace('http', 'ws')}/contract`, { headers })
}

function refusal(socket: WebSocket): Promise<number | undefined> {
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
    socket.on('error', () => undefined)
  })
}

test('serves the page under a strict policy to whoever came with the token', async () => {
  const { origin } = new URL(host.url)
  const response = await fetch(origin, { headers: { cookie: await cookieOf() } })
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('Dawr')
  const policy = response.headers.get('content-security-policy')
  expect(policy).toContain("script-src 'self'")
  expect(policy).toContain(`connect-src 'self' ${origin.replace('http', 'ws')}`)
})

test('serves nothing without the token, nor under another name', async () => {
  const { origin, port } = new URL(host.url)
  expect((await fetch(origin)).status).toBe(403)
  const rebound = request({
    host: '127.0.0.1',
    port,
    headers: { host: 'evil.example', cookie: await cookieOf() },
  })
  rebound.end()
  expect(await next(rebound, 'response')).toMatchObject({ statusCode: 403 })
})

test('does not leave the folder', async () => {
  const { origin } = new URL(host.url)
  const headers = { cookie: await cookieOf() }
  const response = await fetch(`${origin}/..%2f..%2fpackage.json`, { headers })
  expect(response.status).toBe(404)
})

test('carries contract messages both ways, and tells when a window is gone', async () => {
  const socket = socketWith({ cookie: await cookieOf(), origin: new URL(host.url).origin })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'act', id: 1, input: 'أحمد' }))
  expect(JSON.parse(String(await next(socket, 'message')))).toEqual({
    echo: { type: 'act', id: 1, input: 'أحمد' },
  })
  socket.close()
  await once(socket, 'close')
  await expect.poll(() => closed).toBe(1)
})

test('a page elsewhere cannot open the contract, with or without the cookie', async () => {
  const cookie = await cookieOf()
  expect(await refusal(socketWith({ cookie, origin: 'https://evil.example' }))).toBe(403)
  expect(await refusal(socketWith({ cookie }))).toBe(403)
  expect(await refusal(socketWith({ origin: new URL(host.url).origin }))).toBe(403)
  expect(opened).toBe(0)
})

test('ends the line of who does not speak JSON', async () => {
  const socket = socketWith({ cookie: await cookieOf(), origin: new URL(host.url).origin })
  await once(socket, 'open')
  socket.send('{"type":')
  expect(await next(socket, 'close')).toBe(1003)
})

/** Counts faults that nobody caught while `run` does its worst: each would have ended the process. */
async function faultsOf(run: () => Promise<void>): Promise<number> {
  let faults = 0
  const count = (): void => void (faults += 1)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', count)
  try {
    await run()
    await new Promise((done) => setTimeout(done, 100))
  } finally {
    process.off('uncaughtException', count)
    for (const other of others) process.on('uncaughtException', other)
  }
  return faults
}

test('a refused caller who resets the line does not end the process', async () => {
  const { hostname, port } = new URL(host.url)
  const faults = await faultsOf(async () => {
    for (let times = 0; times < 20; times += 1) {
      const line = connect(Number(port), hostname)
      line.on('error', () => undefined)
      await once(line, 'connect')
      line.write(
        'GET /contract HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        () => line.resetAndDestroy(),
      )
      await once(line, 'close')
    }
  })
  expect(faults).toBe(0)
})

test('nor does a window whose frame is no frame', async () => {
  const { origin, hostname, port } = new URL(host.url)
  const cookie = await cookieOf()
  const faults = await faultsOf(async () => {
    const line = connect(Number(port), hostname)
    line.on('error', () => undefined)
    const key = Buffer.alloc(16).toString('base64')
    line.write(
      `GET /contract HTTP/1.1\r\nHost: ${new URL(origin).host}\r\nOrigin: ${origin}\r\n` +
        `Cookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    await expect.poll(() => opened).toBe(1)
    line.end(Buffer.from([0xff, 0xff, 0xff, 0xff]))
    await expect.poll(() => closed).toBe(1)
  })
  expect(faults).toBe(0)
})

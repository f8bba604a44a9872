import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { WebSocketServer } from 'ws'
import { contentSecurityPolicy } from '#desktop/main/content-security-policy.ts'
import { rendererFile } from '#desktop/main/renderer-file.ts'
import type { ContractPort } from '#desktop/station/contract/port.ts'
import { CONTRACT_WEBSOCKET_PATH } from '#desktop/station/contract/shell.ts'
import { admit, admitSocket, type Caller, type Door } from './door.ts'
import { socketPort } from './socket-port.ts'

/** Bytes. The largest act brings in a clinic's whole old list, 64 million characters at most. */
const LARGEST_MESSAGE = 160 * 1024 * 1024

/** For whoever typed the address, or came back after the host was started anew. */
const NO_TOKEN = 'Open the address, token included, that was printed when Dawr started.'

export interface HostOptions {
  /** 0: any free one. */
  port: number
  rendererFolder: string
  /** A window has come. */
  connect(port: ContractPort): void
}

export interface Host {
  /** With the token: for the person who started it, never for a log. */
  url: string
  close(): Promise<void>
}

/** Serves the built renderer and the contract to browsers of this machine only. */
export async function startHost(options: HostOptions): Promise<Host> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port to listen on')
  const door: Door = {
    origin: `http://127.0.0.1:${address.port}`,
    token: randomBytes(32).toString('base64url'),
    cookieName: `dawr-${address.port}`,
  }

  server.on('request', (request, response) => {
    void answer(door, options.rendererFolder, request, response)
  })
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE })
  server.on('upgrade', (request, stream, head) => {
    // Node leaves the socket to us now: whoever resets it, admitted or not, must not end the process.
    stream.on('error', () => stream.destroy())
    const path = URL.parse(request.url ?? '', door.origin)?.pathname
    if (path !== CONTRACT_WEBSOCKET_PATH || !admitSocket(door, callerOf(request))) {
      stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, stream, head, (socket) => options.connect(socketPort(socket)))
  })

  return {
    url: `${door.origin}/?token=${door.token}`,
    async close() {
      for (const socket of sockets.clients) socket.close(1001)
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      for (const socket of sockets.clients) socket.terminate()
      await promise
    },
  }
}

async function answer(
  door: Door,
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('content-security-policy', pagePolicy(door))
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('cache-control', 'no-store')
  const admission = admit(door, callerOf(request))
  if (request.method !== 'GET' || admission.outcome === 'refused') {
    response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(NO_TOKEN)
    return
  }
  if (admission.outcome === 'signed-in') {
    response.setHeader('set-cookie', admission.cookie)
    response.writeHead(303, { location: admission.location }).end()
    return
  }
  await sendFile(folder, URL.parse(request.url ?? '', door.origin)?.pathname ?? '/', response)
}

async function sendFile(folder: string, path: string, response: ServerResponse): Promise<void> {
  const file = rendererFile(folder, path)
  const content = file && (await readFile(file.path).catch(() => null))
  if (!file || !content) {
    response.writeHead(404).end()
    return
  }
  response.writeHead(200, { 'content-type': file.contentType }).end(content)
}

/** The shell's own policy, so that what it would break in Electron breaks here first. */
function pagePolicy(door: Door): string {
  return contentSecurityPolicy([door.origin.replace('http:', 'ws:')])
}

function callerOf(request: IncomingMessage): Caller {
  const { host, origin, cookie } = request.headers
  return { url: request.url ?? '', host, origin, cookie }
}

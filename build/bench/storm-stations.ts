// Stations that lose their line all at once and come back as they do, in a process of its own. No more
// than sockets: what it takes to be two thousand stations is not the server's doing, and with two cores
// it is the server's time. Started by `storm.ts`, told by messages.
import { connect, type Socket } from 'node:net'
import { setPriority } from 'node:os'
import { backoffDelay } from '#desktop/station/sync/backoff.ts'
import { MAX_PULL_DOCUMENTS, PROTOCOL_HEADER, PROTOCOL_VERSION } from '#shared/protocol.ts'
import { type StormSeat, StormWord } from './storm.ts'

const [url = ''] = process.argv.slice(2)
const { hostname, port } = new URL(url)
let stations: { stream: string; pull: string }[] = []
let open: Socket[] = []

// Two thousand stations have processors of their own.
setPriority(10)

function print({ token, checkpoint }: StormSeat): { stream: string; pull: string } {
  const common = [
    `host: ${hostname}:${port}`,
    `authorization: Bearer ${token}`,
    `${PROTOCOL_HEADER}: ${PROTOCOL_VERSION}`,
  ]
  const body = JSON.stringify({
    protocol: PROTOCOL_VERSION,
    checkpoint,
    limit: MAX_PULL_DOCUMENTS,
    lastCommand: 0,
  })
  const request = (first: string, more: readonly string[], body = ''): string =>
    [`${first} HTTP/1.1`, ...common, ...more, '', body].join('\r\n')
  return {
    stream: request('GET /v1/stream', ['accept: text/event-stream']),
    pull: request(
      'POST /v1/pull',
      ['content-type: application/json', 'accept-encoding: gzip', `content-length: ${body.length}`],
      body,
    ),
  }
}

/** Until its answer has begun; the socket stays open. */
function ask(request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    open.push(socket)
    socket.on('error', reject)
    socket.once('data', (chunk: Buffer) => {
      const status = chunk.toString('latin1', 0, 12)
      if (status === 'HTTP/1.1 200') resolve()
      else reject(new Error(`a station was answered ${status}`))
    })
    socket.write(request)
  })
}

/** As a station does whose first attempt found nobody: jitter, then its stream and a pull side by side. */
async function comeBack({ stream, pull }: { stream: string; pull: string }): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, backoffDelay(1, Math.random())))
  await Promise.all([ask(stream), ask(pull)])
}

process.on('message', (message) => {
  const told = StormWord.parse(message)
  if (told === 'cut') {
    for (const socket of open) socket.destroy()
    open = []
  } else if (told === 'come back') {
    const start = performance.now()
    Promise.all(stations.map(comeBack)).then(
      () => process.send?.(performance.now() - start),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  } else {
    stations = told.seats.map(print)
    process.send?.('seated')
  }
})
process.send?.('ready')

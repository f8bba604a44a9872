import { constants, gzip } from 'node:zlib'
import { PassThrough, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { ChecksumRequest, type ChecksumResponse } from '#shared/feed-checksum.ts'
import { PROTOCOL_HEADER, PROTOCOL_VERSION, PullRequest } from '#shared/protocol.ts'
import { countCommands } from '../http/metrics.ts'
import { changeLetter } from '../clinics/stations.ts'
import { writeClinic } from '../database/clinic-tx.ts'
import { readBody } from '../http/read-body.ts'
import { requireProtocol } from '../http/served-protocol.ts'
import {
  readStation,
  requireStation,
  requireStationToken,
  withKey,
} from '../identity/require-station.ts'
import type { ServerDeps, ServerEnv } from '../server-deps.ts'
import { createEntitlementSigner } from '../subscriptions/entitlement-token.ts'
import { createBulkLane } from './bulk-lane.ts'
import { createChecksumReader } from './checksums.ts'
import { createAckMemory, type PullDeps, pullPage } from './pull.ts'
import { createForesight } from './foresight.ts'
import { createGate } from './gate.ts'
import { answersFor } from './older-wire.ts'
import { pushCommands } from './push.ts'
import { readPush } from './push-body.ts'
import type { StreamLine } from './event-stream.ts'
import { createStreamHub } from './stream-hub.ts'

/** Longer ones are imports, or what a desk did in a day without a line; packed, that much shorter. */
const LONG_PUSH_BYTES = { plain: 64 * 1024, packed: 8 * 1024 }

/**
 * Connections that all streams and pulls together may take. When a thousand stations come back at once,
 * pushes must find some free: what they bring is work that a person waits for.
 */
const QUERIES_AT_ONCE = 2
/** Ten seconds of them, or less: behind as many nobody waits for an answer. */
const QUERIES_WAITING = 10_000

/** The doors of synchronization: push, pull and the stream of hints. All for a station. */
export function syncRoutes(deps: ServerDeps): Hono<ServerEnv> {
  const gate = createGate(QUERIES_AT_ONCE, QUERIES_WAITING)
  const hub = createStreamHub(deps, gate)
  const bulk = createBulkLane(() => performance.now())
  const pullDeps = {
    ...deps,
    signer: createEntitlementSigner(deps.signingKey),
    isLive: hub.isLive,
    acks: createAckMemory(),
    bulk,
    noteLag: (documents: number) => deps.metrics.pullLag.observe(documents),
  }
  const checksums = createChecksumReader(deps)
  const routes = new Hono<ServerEnv>()
  // Push, pull and the stream look at the station's row in their own work.
  const byToken = requireStationToken(deps)
  const stationOnly = requireStation(deps)

  routes.post('/push', byToken, async (c) => {
    const take = async (): Promise<Response> => {
      const station = await withKey(deps, c.get('station'))
      const request = await readRequest(deps, c, () => readPush(c, station.publicKey))
      const packed = createForesight(async (answers) => {
        const results = answersFor(request.protocol, answers, PROTOCOL_VERSION)
        return packJson(
          c,
          `{"ok":true,"results":[${results.join(',')}],"serverTime":${deps.now()}}`,
        )
      })
      const pushDeps = { ...deps, offers: hub.offers, foresee: packed.foresee }
      const answers = await pushCommands(pushDeps, station, request)
      countCommands(deps.metrics, answers)
      return answerPacked(c, await packed.of(answers))
    }
    if (isLong(c)) {
      return bulk.run({ clinicId: c.get('station').clinicId, signal: c.req.raw.signal }, take)
    }
    bulk.notePush()
    return take()
  })

  routes.post('/pull', byToken, async (c) => {
    const request = await readRequest(deps, c, () => readBody(c, PullRequest))
    const station = c.get('station')
    const pulling: PullDeps = {
      ...pullDeps,
      gate: { run: (work) => gate.run(work, () => isGone(c)) },
    }
    const answer = async (): Promise<Response> =>
      answerPacked(c, await packJson(c, await pullPage(pulling, station, request)))
    if (!bulk.has(station.stationId, request)) return answer()
    return bulk.run({ clinicId: station.clinicId, signal: c.req.raw.signal }, answer)
  })

  routes.post('/checksum', stationOnly, async (c) => {
    const request = await readBody(c, ChecksumRequest)
    requireProtocol(deps.served, request.protocol)
    const sums = await checksums.read(c.get('station'), request)
    return c.json({ ok: true, ...sums } satisfies ChecksumResponse)
  })

  routes.post('/letter', stationOnly, async (c) => {
    const { clinicId, stationId } = c.get('station')
    const { letter } = await writeClinic(deps.pool, clinicId, (tx) =>
      changeLetter(tx, stationId, deps.now()),
    )
    return c.json({ ok: true, letter })
  })

  routes.get('/stream', byToken, async (c) => {
    const answer = beginEvents(c)
    await hub.open(c.get('station'), {
      begin: answer.begin,
      takesPages: speaksNewest(c),
      isGone: () => isGone(c),
    })
    return answer.response()
  })
  return routes
}

/** Whoever asked has hung up. */
function isGone(c: Context<ServerEnv>): boolean {
  return c.env.outgoing?.destroyed === true
}

function isLong(c: Context<ServerEnv>): boolean {
  const { plain, packed } = LONG_PUSH_BYTES
  const bytes = Number(c.req.header('content-length') ?? 0)
  return bytes > (c.req.header('content-encoding') === undefined ? plain : packed)
}

/** Proxies that compress or buffer would hold events back. */
const EVENT_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
}

/** Events go onto the socket's own answer; without a socket, into the body of one. */
function beginEvents(c: Context<ServerEnv>): {
  begin: () => StreamLine
  response: () => Response
} {
  const { outgoing } = c.env
  if (outgoing === undefined) {
    const line = new PassThrough()
    // Cast: Node's own type of the same web stream
    const body = Readable.toWeb(line) as ReadableStream<Uint8Array>
    return { begin: () => line, response: () => c.body(body, 200, EVENT_HEADERS) }
  }
  return {
    begin() {
      const { headers } = c.body(null, 200, EVENT_HEADERS)
      outgoing.writeHead(200, Object.fromEntries(headers))
      return outgoing
    },
    response: () => RESPONSE_ALREADY_SENT,
  }
}

/** Pages came with version 2, and hold what older stations cannot read. */
function speaksNewest(c: Context<ServerEnv>): boolean {
  return c.req.header(PROTOCOL_HEADER) === String(PROTOCOL_VERSION)
}

/**
 * Who may not ask is told that, and not what is wrong with the question.
 *
 * @throws AppError UNAUTHENTICATED, STATION_REVOKED, PROTOCOL_VERSION, or as `read` does
 */
async function readRequest<Request extends { protocol: number }>(
  deps: ServerDeps,
  c: Context<ServerEnv>,
  read: () => Promise<Request>,
): Promise<Request> {
  try {
    const request = await read()
    requireProtocol(deps.served, request.protocol)
    return request
  } catch (error) {
    const { clinicId, stationId } = c.get('station')
    await readStation(deps, clinicId, stationId)
    throw error
  }
}

const compress = promisify(gzip)
/** Below, the answer fits a packet or two anyway, as that of a pull that brings nothing does. */
const WORTH_COMPRESSING = 2_048

/** JSON as it is answered: as text, or compressed. */
type Packed = string | Uint8Array<ArrayBuffer>

/** Level 1: a tenth of the bytes for a quarter of the throughput, and a clinic's line is the slow part. */
async function packJson(c: Context<ServerEnv>, json: string): Promise<Packed> {
  const accepted = c.req.header('accept-encoding') ?? ''
  if (
    json.length < WORTH_COMPRESSING ||
    !/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accepted)
  ) {
    return json
  }
  return new Uint8Array(await compress(json, { level: constants.Z_BEST_SPEED }))
}

function answerPacked(c: Context<ServerEnv>, packed: Packed): Response {
  return c.body(packed, 200, {
    'Content-Type': 'application/json',
    Vary: 'Accept-Encoding',
    // Of requests (RFC 7694): pushes may come packed.
    'Accept-Encoding': 'gzip',
    ...(typeof packed === 'string' ? {} : { 'Content-Encoding': 'gzip' }),
  })
}

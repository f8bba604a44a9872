import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CollectionName } from '#shared/collections.ts'
import { Command } from '#shared/commands.ts'
import type { Entitlement } from '#shared/entitlement.ts'
import { refusal, type ErrorCode } from '#shared/errors.ts'
import {
  type CommandResult,
  ENTITLEMENT_AUDIENCE,
  EPOCH_HEADER,
  type FeedDocument,
  PublicKey,
  PullRequest,
  PushRequest,
} from '#shared/protocol.ts'
import type { Patient } from '#shared/patient.ts'
import { resolve } from '#shared/resolve.ts'
import { CLINIC, ENTITLEMENT } from '../replica/test-replica.ts'

/**
 * The smallest server that keeps the protocol: one clinic in memory, every command accepted unless a
 * test says otherwise, every answer spoilt on request. For what a real server rarely does.
 */
export interface TestServer {
  readonly url: string
  readonly entitlementKey: PublicKey
  /** Requests by path, in order. */
  readonly requests: string[]
  readonly commands: Command[]
  entitlement: Entitlement
  epoch: string
  /** The highest outbox number that it has heard of, as it says with a token; null: of a version that says none. */
  lastCommand: number | null
  /** Answers a path once in place of the server, which does its work all the same for LOSE and ANSWER. */
  spoil(path: string, answer: Spoil): void
  /** All goes well there from now on. */
  unspoil(path: string): void
  verdict: (command: Command) => Partial<CommandResult>
  put(collection: CollectionName, doc: { id: string; [field: string]: unknown }): void
  /** Whether what is put goes along with the news of it, and from which epoch. */
  offersFrom: string | null
  /** What a new desk is given first. */
  isOfToday: (document: FeedDocument) => boolean
  feed(): FeedDocument[]
  /** The last feed number. */
  head(): number
  /** Restores a backup made now: what comes after it is lost, and the epoch another. */
  backUp(): () => void
  /** Ends all streams. */
  dropStreams(): void
  send(event: object): void
  close(): Promise<void>
}

/** LOSE: the work is done and its answer lost. ANSWER: as if unspoilt. SPOILT: answered already. */
export type Spoil = (response: ServerResponse, body: unknown) => 'LOSE' | 'ANSWER' | 'SPOILT'

export function refuse(code: ErrorCode, status = 400, details = {}) {
  return (response: ServerResponse): 'SPOILT' => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(refusal(code, details)))
    return 'SPOILT'
  }
}

export async function startTestServer(now: () => number): Promise<TestServer> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  const { kty, crv, x } = await exportJWK(publicKey)
  const documents = new Map<string, FeedDocument>()
  const answered = new Map<string, CommandResult>()
  const streams = new Set<ServerResponse>()
  const spoilt = new Map<string, Spoil[]>()
  let seq = 0
  let refreshes = 0

  const test: TestServer = {
    url: '',
    entitlementKey: PublicKey.parse({ kty, crv, x }),
    requests: [],
    commands: [],
    entitlement: ENTITLEMENT,
    epoch: 'e1',
    lastCommand: null,
    offersFrom: null,
    isOfToday: () => true,
    verdict: () => ({}),
    spoil(path, answer) {
      spoilt.set(path, [...(spoilt.get(path) ?? []), answer])
    },
    unspoil: (path) => void spoilt.delete(path),
    put(collection, doc) {
      seq += 1
      const document = { collection, id: doc.id, seq, doc }
      documents.set(`${collection}/${doc.id}`, document)
      const page = { epoch: test.offersFrom, after: seq - 1, documents: [document] }
      test.send({ type: 'changed', head: seq, ...(test.offersFrom === null ? {} : { page }) })
    },
    backUp() {
      const kept = { documents: new Map(documents), answered: new Map(answered), seq }
      return () => {
        documents.clear()
        answered.clear()
        for (const [key, document] of kept.documents) documents.set(key, document)
        for (const [key, result] of kept.answered) answered.set(key, result)
        seq = kept.seq
        test.epoch += '+'
      }
    },
    head: () => seq,
    feed: () => [...documents.values()].toSorted((a, b) => a.seq - b.seq),
    dropStreams() {
      for (const stream of streams) stream.destroy()
    },
    send(event) {
      for (const stream of streams) stream.write(`data: ${JSON.stringify(event)}\n\n`)
    },
    async close() {
      test.dropStreams()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }

  function accept(command: Command): CommandResult {
    const known = answered.get(command.commandId)
    if (known !== undefined) return known
    const changes = test.verdict(command)
    const result: CommandResult = {
      commandId: command.commandId,
      verdict: 'ACCEPTED',
      code: null,
      details: {},
      documents: [],
      ...changes,
    }
    if (result.verdict === 'ACCEPTED') {
      test.commands.push(command)
      for (const { collection, id, base, next } of command.writes) {
        const master = documents.get(`${collection}/${id}`)?.doc ?? null
        // The collection says what they are; one name stands for all here.
        const merged = resolve<'patients'>(
          collection as 'patients',
          base as Patient | null,
          master as Patient | null,
          next as Patient,
        )
        test.put(collection, { ...merged })
        const written = documents.get(`${collection}/${id}`)
        if (written !== undefined) result.documents.push(written)
      }
    } else if (result.verdict === 'REJECTED') {
      for (const { collection, id } of command.writes) {
        const standing = documents.get(`${collection}/${id}`)
        result.documents.push(standing ?? { collection, id, seq: 0, doc: null })
      }
    }
    if (result.verdict !== 'HELD') answered.set(command.commandId, result)
    return result
  }

  async function answerPull(body: unknown): Promise<object> {
    const { checkpoint, limit, part } = PullRequest.parse(body)
    if (checkpoint !== null && checkpoint.epoch !== test.epoch) return refusal('RESEED')
    const asked =
      part?.is === 'HISTORY'
        ? test.feed().filter((document) => document.seq < part.before && document.doc !== null)
        : test.feed().filter((document) => document.seq > (checkpoint?.seq ?? 0))
    if (part?.is === 'HISTORY') asked.reverse()
    const all = part?.is === 'TODAY' ? asked.filter(test.isOfToday) : asked
    const page = all.slice(0, limit)
    const upToDate = page.length === all.length
    const end = part?.is === 'HISTORY' ? 0 : seq
    const last = upToDate ? end : (page.at(-1)?.seq ?? end)
    return {
      ok: true,
      documents: page,
      checkpoint: { epoch: test.epoch, clinicId: CLINIC, seq: last },
      head: seq,
      upToDate,
      serverTime: now(),
      entitlement: await new SignJWT({ ...test.entitlement })
        .setProtectedHeader({ alg: 'EdDSA' })
        .setAudience(ENTITLEMENT_AUDIENCE)
        .sign(privateKey),
      stations: [],
    }
  }

  async function answerJson(path: string, body: unknown, epoch: unknown): Promise<object> {
    if (path === '/v1/token') {
      refreshes += 1
      const [accessToken, refreshToken] = [`access-${refreshes}`, `refresh-${refreshes}`]
      const said = test.lastCommand === null ? {} : { lastCommand: test.lastCommand }
      return { ok: true, accessToken, refreshToken, expiresInSeconds: 900, ...said }
    }
    if (path === '/v1/letter') return { ok: true, letter: 'K' }
    if (path === '/v1/push') {
      if (epoch !== undefined && epoch !== test.epoch) return refusal('RESEED', {})
      const commands = PushRequest.parse(body).commands.map(({ payload }) =>
        Command.parse(JSON.parse(payload)),
      )
      return { ok: true, results: commands.map(accept), serverTime: now() }
    }
    return answerPull(body)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    test.requests.push(path)
    let text = ''
    for await (const piece of request) text += String(piece)
    const body: unknown = text === '' ? null : JSON.parse(text)
    const spoiling = spoilt.get(path)?.shift()?.(response, body) ?? 'ANSWER'
    if (spoiling === 'SPOILT') return
    if (path === '/v1/stream') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify({ type: 'hello', head: seq })}\n\n`)
      streams.add(response)
      response.on('close', () => streams.delete(response))
      return
    }
    const value = await answerJson(path, body, request.headers[EPOCH_HEADER])
    if (spoiling === 'LOSE') {
      response.destroy()
      return
    }
    const isRefused = 'ok' in value && value.ok === false
    response.writeHead(isRefused ? 410 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  return Object.assign(test, { url: `http://127.0.0.1:${address.port}` })
}

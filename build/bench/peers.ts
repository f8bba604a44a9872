// Other servers at the same work in the same run: rxdb-server on RxDB's memory storage, and
// express-pouchdb on LevelDB. Their packages are installed apart, on the first bench that wants them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readyUrl } from '../start/supervisor.ts'
import { postText } from './caller.ts'
import { supervise } from './desk-process.ts'
import { chunks } from './samples.ts'
import type { Bench } from './suite.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SOURCE = join(import.meta.dirname, 'peers')
const INSTALLED = join(ROOT, '.dawr', 'bench-peers')

export interface PeerDocument {
  readonly id: string
}

/** A server with the documents it was given, and a client that does as its own replication does. */
export interface Peer {
  readonly name: string
  /** One request after the other, so many documents each. */
  push(documents: readonly PeerDocument[], batch: number): Promise<void>
  /** Everything there is, page by page. @returns how many documents came */
  pullAll(page: number): Promise<number>
  /** Calls back with each document that is written from now on. */
  listen(heard: (text: string) => void): Promise<() => Promise<void>>
}

/**
 * @returns those that could be installed and started; says why others could not: a bench without them
 *   still measures us
 */
export async function startPeers(bench: Bench): Promise<Peer[]> {
  if (!installPeers()) {
    console.log('   peers are not measured: their packages could not be installed')
    return []
  }
  const start = (kind: string): Promise<string> =>
    supervise(bench).start({
      name: `peer ${kind}`,
      command: process.execPath,
      args: [join(INSTALLED, 'server.mjs'), kind],
      ready: readyUrl,
      within: 60_000,
    })
  return [rxdbPeer(await start('rxdb')), pouchdbPeer(await start('pouchdb'))]
}

function installPeers(): boolean {
  mkdirSync(INSTALLED, { recursive: true })
  for (const file of ['package.json', 'server.mjs']) {
    copyFileSync(join(SOURCE, file), join(INSTALLED, file))
  }
  if (existsSync(join(INSTALLED, 'node_modules', 'rxdb-server'))) return true
  console.log('   installing the peers, about a minute ...')
  const { status } = spawnSync(
    'npm',
    ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: INSTALLED, stdio: 'inherit', shell: process.platform === 'win32' },
  )
  return status === 0
}

async function getText(url: string): Promise<string> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return response.text()
}

const Pulled = z.object({
  documents: z.array(z.unknown()),
  checkpoint: z.object({ id: z.string(), lwt: z.number() }),
})

/** Its replication endpoint: `/pull?lwt&id&limit`, `/push` of rows, `/pullStream` of events. */
function rxdbPeer(url: string): Peer {
  const endpoint = `${url}/docs/0`
  return {
    name: 'rxdb-server, memory',
    async push(documents, batch) {
      for (const rows of chunks(documents, batch)) {
        const body = JSON.stringify(
          rows.map((document) => ({
            newDocumentState: { id: document.id, body: document, _deleted: false },
            assumedMasterState: null,
          })),
        )
        const conflicts = await postText(`${endpoint}/push`, body)
        if (conflicts !== '[]') throw new Error('a peer found conflicts in new documents')
      }
    },
    async pullAll(page) {
      let count = 0
      let at = { id: '', lwt: 0 }
      for (;;) {
        const text = await getText(`${endpoint}/pull?lwt=${at.lwt}&id=${at.id}&limit=${page}`)
        const { documents, checkpoint } = Pulled.parse(JSON.parse(text))
        count += documents.length
        at = checkpoint
        if (documents.length < page) return count
      }
    },
    listen: (heard) => listenTo(`${endpoint}/pullStream`, heard),
  }
}

const Changes = z.object({
  results: z.array(z.unknown()),
  last_seq: z.union([z.number(), z.string()]),
})

/** CouchDB's replication protocol: `_changes` with documents, `_revs_diff`, `_bulk_docs`. */
function pouchdbPeer(url: string): Peer {
  const database = `${url}/docs`
  let generation = 0
  const revision = (): string => (generation += 1).toString(16).padStart(32, '0')
  return {
    // It answers once the log is written, not once that is on the disk: a power cut takes what it confirmed.
    name: 'express-pouchdb, LevelDB without sync',
    async push(documents, batch) {
      for (const rows of chunks(documents, batch)) {
        const revised = rows.map((document) => {
          const rev = revision()
          return {
            _id: document.id,
            body: document,
            _rev: `1-${rev}`,
            _revisions: { start: 1, ids: [rev] },
          }
        })
        const asked = Object.fromEntries(revised.map(({ _id, _rev }) => [_id, [_rev]]))
        await postText(`${database}/_revs_diff`, JSON.stringify(asked))
        await postText(
          `${database}/_bulk_docs`,
          JSON.stringify({ docs: revised, new_edits: false }),
        )
      }
    },
    async pullAll(page) {
      let count = 0
      let since: number | string = 0
      for (;;) {
        const text = await getText(
          `${database}/_changes?include_docs=true&limit=${page}&since=${since}`,
        )
        const { results, last_seq } = Changes.parse(JSON.parse(text))
        count += results.length
        since = last_seq
        if (results.length < page) return count
      }
    },
    listen: (heard) =>
      listenTo(`${database}/_changes?feed=continuous&include_docs=true&since=now`, heard),
  }
}

async function listenTo(url: string, heard: (text: string) => void): Promise<() => Promise<void>> {
  const stopping = new AbortController()
  // Compressed, its events would wait for each other in a buffer.
  const headers = { 'accept-encoding': 'identity' }
  const { body } = await fetch(url, { headers, signal: stopping.signal })
  const decoder = new TextDecoder()
  const reading = (async () => {
    for await (const piece of body ?? []) heard(decoder.decode(piece, { stream: true }))
  })().catch(() => undefined)
  return async () => {
    stopping.abort()
    await reading
  }
}

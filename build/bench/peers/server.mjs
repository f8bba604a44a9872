// One peer's server in a process of its own, `node server.mjs rxdb|pouchdb`: documents of an id and a
// body, empty at first. Says its address in one line. Runs where its packages are installed.
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SERVERS = { rxdb: serveRxdb, pouchdb: servePouchdb }

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** rxdb-server over RxDB's memory storage: nothing is durable. */
async function serveRxdb(port) {
  const { createRxDatabase } = await import('rxdb/plugins/core')
  const { getRxStorageMemory } = await import('rxdb/plugins/storage-memory')
  const { createRxServer } = await import('rxdb-server/plugins/server')
  const { RxServerAdapterExpress } = await import('rxdb-server/plugins/adapter-express')
  const database = await createRxDatabase({ name: 'bench', storage: getRxStorageMemory() })
  const { docs } = await database.addCollections({
    docs: {
      schema: {
        version: 0,
        primaryKey: 'id',
        type: 'object',
        properties: { id: { type: 'string', maxLength: 36 }, body: { type: 'object' } },
      },
    },
  })
  const server = await createRxServer({ database, adapter: RxServerAdapterExpress, port })
  server.addReplicationEndpoint({ name: 'docs', collection: docs })
  await server.start()
}

/** express-pouchdb over LevelDB, which it writes without `sync`: durable but for loss of power. */
async function servePouchdb(port) {
  const { default: express } = await import('express')
  const { default: expressPouchdb } = await import('express-pouchdb')
  const { default: PouchDB } = await import('pouchdb-node')
  const folder = mkdtempSync(join(tmpdir(), 'dawr-bench-pouchdb-'))
  const Stored = PouchDB.defaults({ prefix: `${folder}/` })
  const app = express()
  app.use(
    '/',
    expressPouchdb(Stored, {
      mode: 'minimumForPouchDB',
      inMemoryConfig: true,
      logPath: join(folder, 'log.txt'),
    }),
  )
  await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve))
  await fetch(`http://127.0.0.1:${port}/docs`, { method: 'PUT' })
}

const serve = SERVERS[process.argv[2]]
if (serve === undefined) throw new Error(`a peer of ${Object.keys(SERVERS).join(', ')}`)
const port = await freePort()
await serve(port)
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)

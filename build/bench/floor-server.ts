// The floors of the server's figures: Hono and pg alone on the same PostgreSQL, without people,
// rights, merging or audit. Started by `server.ts`.
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import pg from 'pg'
import { z } from 'zod'
import { queryClinic } from '#server/database/clinic-tx.ts'
import { createPool } from '#server/database/pool.ts'
import { BENCH_CLINIC } from './clinic.ts'
import { MAKE_FLOOR_FEED, writeDocumentsAlone, writeRowsOfPush } from './floor-rows.ts'

const CHANNEL = 'dawr_floor'
const env = z.object({ DATABASE_URL: z.url(), DATABASE_OWNER_URL: z.url() }).parse(process.env)

const owner = createPool(env.DATABASE_OWNER_URL, () => undefined)
await owner.query(`CREATE TABLE IF NOT EXISTS floor_documents (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL, doc jsonb NOT NULL)`)
await owner.query(MAKE_FLOOR_FEED)
// Kept open as the server's are; there is nothing to rehearse.
const serving = createPool(env.DATABASE_URL, () => undefined, { rehearse: () => Promise.resolve() })

const app = new Hono()

/** A page of the clinic's documents under its row-level security, as PostgreSQL prints them. */
app.post('/pull', async (c) => {
  const { after, limit } = z
    .object({ after: z.number(), limit: z.number() })
    .parse(await c.req.json())
  const { rows } = await queryClinic<{ last: number | null; docs: string | null }>(
    serving,
    BENCH_CLINIC,
    `SELECT max(seq) AS last, string_agg(doc::text, ',' ORDER BY seq) AS docs
     FROM (SELECT seq, doc FROM documents WHERE clinic_id = $1 AND seq > $2
           ORDER BY seq LIMIT $3) d`,
    [BENCH_CLINIC, after, limit],
  )
  const { last = null, docs = null } = rows[0] ?? {}
  return c.body(`{"documents":[${docs ?? ''}],"checkpoint":{"seq":${last ?? after}}}`)
})

/** Rows into a bare table, one statement and one commit, durable like all others. */
app.post('/push', async (c) => {
  const { rows } = await owner.query<{ seq: number }>(
    `WITH written AS (
       INSERT INTO floor_documents (id, doc)
       SELECT r ->> 'id', r FROM jsonb_array_elements($1::jsonb) AS r RETURNING seq)
     SELECT max(seq) AS seq, pg_notify('${CHANNEL}', max(seq)::text) FROM written`,
    [await c.req.text()],
  )
  return c.json({ seq: rows[0]?.seq })
})

/** Documents as ours are stored, and nothing beside them. */
app.post('/push-documents', async (c) =>
  c.json({ seq: await writeDocumentsAlone(serving, await c.req.text()) }),
)

/** The rows that a push of ours leaves, which it takes nothing to find. */
app.post('/push-rows', async (c) => {
  await writeRowsOfPush(
    serving,
    z.array(z.looseObject({ id: z.string() })).parse(await c.req.json()),
  )
  return c.json({ ok: true })
})

app.get('/latest', async (c) => {
  const { rows } = await owner.query<{ doc: string }>(
    'SELECT doc::text AS doc FROM floor_documents ORDER BY seq DESC LIMIT 1',
  )
  return c.body(rows[0]?.doc ?? '')
})

const wakes = new Set<(seq: string) => void>()
const listener = new pg.Client({ connectionString: env.DATABASE_OWNER_URL })
await listener.connect()
listener.on('notification', ({ payload }) => {
  for (const wake of wakes) wake(payload ?? '')
})
await listener.query(`LISTEN ${CHANNEL}`)

app.get('/stream', (c) =>
  streamSSE(c, async (stream) => {
    const wake = (seq: string): void => void stream.writeSSE({ data: seq })
    wakes.add(wake)
    await stream.writeSSE({ data: 'hello' })
    await new Promise<void>((resolve) => stream.onAbort(resolve))
    wakes.delete(wake)
  }),
)

/** In the form that the server's own metrics have. */
app.get('/metrics', (c) => c.text(`process_resident_memory_bytes ${process.memoryUsage.rss()}\n`))

const server = createAdaptorServer({ fetch: app.fetch }) as Server // plain HTTP
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`)
})

process.once('SIGTERM', () => {
  server.closeAllConnections()
  server.close()
  void Promise.all([owner.end(), serving.end(), listener.end()]).then(() => process.exit(0))
})

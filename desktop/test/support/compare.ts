import type Database from 'better-sqlite3'
import pg from 'pg'
import { join } from 'node:path'
import { openStore } from '#desktop/station/storage/store.ts'
import { startEmbeddedPostgres } from '#server/database/embedded.ts'
import { developmentKey } from '#desktop/dev-host/development-key.ts'
import { CollectionName } from '#shared/collections.ts'

/** Documents by `collection/id`, each as JSON with sorted keys: equal text is an equal document. */
export type Contents = Map<string, string>

/** Keys in order at every depth: PostgreSQL's jsonb keeps its own order, a replica another. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]))
}

function withoutInternals(document: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !key.startsWith('_')))
}

/** What a stopped station's encrypted file holds. */
export async function contentsOfStation(folder: string): Promise<Contents> {
  const key = await developmentKey(folder)
  if (key === 'KEY_MISSING') throw new Error(key)
  const store = openStore({ path: join(folder, 'clinic.db'), key })
  try {
    return readContents(store.db)
  } finally {
    await store.close()
  }
}

export function readContents(db: Database.Database): Contents {
  const contents: Contents = new Map()
  const tables = db
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
  for (const collection of CollectionName.options) {
    const table = tables.find(({ name }) => new RegExp(`/${collection}/\\d+$`).test(name))
    if (table === undefined) throw new Error(`the replica has no ${collection}`)
    const rows = db
      .prepare<[], { json: string }>(`SELECT json FROM "${table.name}" WHERE deleted = 0`)
      .all()
    for (const { json } of rows) {
      const document = withoutInternals(JSON.parse(json) as Record<string, unknown>)
      contents.set(`${collection}/${String(document['id'])}`, JSON.stringify(canonical(document)))
    }
  }
  return contents
}

/** What a test server's PostgreSQL holds of a clinic. */
export async function contentsOfServer(folder: string, clinicId: string): Promise<Contents> {
  const database = await startEmbeddedPostgres(folder)
  const client = new pg.Client({ connectionString: database.appUrl })
  await client.connect()
  try {
    return await readServerContents(client, clinicId)
  } finally {
    await client.end()
    await database.stop()
  }
}

export async function readServerContents(client: pg.Client, clinicId: string): Promise<Contents> {
  // The serving role sees one clinic at a time, here as everywhere.
  await client.query(`SELECT set_config('app.clinic_id', $1, false)`, [clinicId])
  const { rows } = await client.query<{ collection: string; id: string; doc: unknown }>(
    'SELECT collection, id, doc FROM documents WHERE clinic_id = $1 AND NOT deleted',
    [clinicId],
  )
  return new Map(
    rows.map(({ collection, id, doc }) => [`${collection}/${id}`, JSON.stringify(canonical(doc))]),
  )
}

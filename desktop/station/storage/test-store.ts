import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createRxDatabase,
  fillWithDefaultSettings,
  type RxCollection,
  type RxDatabase,
  type RxJsonSchema,
  type RxStorageInstanceCreationParams,
} from 'rxdb'
import { onTestFinished } from 'vitest'

import type { StorageInstance } from './storage-instance.ts'
import type { Fields } from './stored-document.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

/** Shared by this folder's tests: files of their own, closed and deleted at a test's end. */

export const KEY = new Uint8Array(32).fill(7)

export interface Visit {
  id: string
  status: string
  order: number
  note?: string | null
}

export const VISITS: RxJsonSchema<Visit> = {
  version: 0,
  primaryKey: 'id',
  type: 'object',
  properties: {
    id: { type: 'string', maxLength: 40 },
    status: { type: 'string', maxLength: 20 },
    order: { type: 'number', minimum: 0, maximum: 10_000, multipleOf: 1 },
    note: { type: ['string', 'null'] },
  },
  required: ['id', 'status', 'order'],
  indexes: [['status', 'order']],
}

export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dawr-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'clinic.db')
}

export function testStore(options: Partial<StoreOptions> = {}): Store {
  const store = openStore({ path: temporaryFile(), key: KEY, ...options })
  onTestFinished(() => store.close())
  return store
}

interface ClinicCollections {
  visits: RxCollection<Visit>
  invoices: RxCollection<Visit>
}

export async function openClinic(store: Store): Promise<RxDatabase<ClinicCollections>> {
  const database = await createRxDatabase<ClinicCollections>({
    name: 'clinic',
    storage: store.storage,
    multiInstance: false,
  })
  onTestFinished(async () => void (await database.close()))
  await database.addCollections({ visits: { schema: VISITS }, invoices: { schema: VISITS } })
  return database
}

export function visit(id: string, fields: Partial<Visit> = {}): Record<string, unknown> {
  return { id, status: 'WAITING', order: 0, ...fields }
}

export function instanceParams(
  collectionName: string,
  schema: RxJsonSchema<Fields>,
): RxStorageInstanceCreationParams<Fields, Record<string, never>> {
  return {
    databaseInstanceToken: 'token',
    databaseName: 'clinic',
    collectionName,
    schema: fillWithDefaultSettings(schema),
    options: {},
    multiInstance: false,
    devMode: false,
  }
}

// VISITS describes a Visit; instances below RxDB see plain fields.
export const PLAIN_VISITS = VISITS as unknown as RxJsonSchema<Fields>

export async function openInstance(
  store: Store,
  collectionName = 'visits',
  schema = PLAIN_VISITS,
): Promise<StorageInstance> {
  const instance = await store.storage.createStorageInstance(instanceParams(collectionName, schema))
  onTestFinished(() => instance.close())
  return instance
}

/** Polls, for what RxDB does a few ticks later. */
export async function until(holds: () => boolean): Promise<void> {
  for (let wait = 0; wait < 400; wait++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('waited 2 s in vain')
}

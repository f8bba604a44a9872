import {
  categorizeBulkWriteRows,
  now,
  type BulkWriteRow,
  type CategorizeBulkWriteRowsOutput,
  type RxStorageBulkWriteResponse,
  type RxStorageInstance,
} from 'rxdb'

import type { BackgroundSteps } from './background-steps.ts'
import { countDocuments, queryDocuments } from './document-query.ts'
import type { OpenCollection } from './open-collection.ts'
import { guard, StorageError } from './storage-error.ts'
import type { Fields, SequenceCheckpoint, StoredDocument } from './stored-document.ts'
import type { Transactions, Writer } from './transaction.ts'

export interface StorageInternals {
  /** the collection's table in the file */
  readonly table: string
}

export type StorageOptions = Record<string, never>

export type StorageInstance = RxStorageInstance<
  Fields,
  StorageInternals,
  StorageOptions,
  SequenceCheckpoint
>

type WriteRow = BulkWriteRow<Fields>

/** What the instance needs of the store that made it. */
export interface InstanceHost {
  readonly transactions: Transactions
  readonly background: BackgroundSteps
  /** false once the store is closed */
  isOpen(): boolean
  release(collection: OpenCollection): void
  remove(collection: OpenCollection): void
}

/** One RxDB storage instance over an open collection. Work is synchronous inside, promises are RxDB's interface. */
export function createInstance(
  collection: OpenCollection,
  host: InstanceHost,
  options: StorageOptions,
): StorageInstance {
  const { table, attachments } = collection
  let closed = false

  const ensureOpen = (): void => {
    if (closed || !host.isOpen()) throw new StorageError('NOT_OPEN', collection.collectionName)
  }
  const read = <T>(work: () => T): Promise<T> =>
    // The body runs at once: nothing comes between RxDB's call and its read.
    new Promise((resolve) => {
      ensureOpen()
      host.transactions.settle()
      resolve(guard(work))
    })

  const instance: StorageInstance = {
    databaseName: collection.databaseName,
    collectionName: collection.collectionName,
    schema: table.schema,
    internals: { table: table.name },
    options,
    async bulkWrite(rows, context) {
      const data = attachments === undefined ? undefined : await readAttachments(rows)
      ensureOpen()
      return host.transactions.join(context, (writer) => {
        const categorized = categorize(instance, collection, rows, context)
        writeRows(collection, writer, categorized)
        if (data !== undefined) writeAttachments(collection, categorized, data)
        return { error: categorized.errors } satisfies RxStorageBulkWriteResponse<Fields>
      })
    },
    findDocumentsById: (ids, withDeleted) =>
      read(() => {
        const found: StoredDocument[] = []
        for (const id of ids) {
          const document = table.read(id)
          if (document !== undefined && (withDeleted || !document._deleted)) found.push(document)
        }
        return found
      }),
    query: ({ query }) => read(() => ({ documents: queryDocuments(table, query) })),
    count: ({ query }) =>
      read(() => {
        const { count, exact } = countDocuments(table, query)
        return { count, mode: exact ? 'fast' : 'slow' }
      }),
    getAttachmentData: (documentId, attachmentId, digest) =>
      read(() => {
        const data = attachments?.read(documentId, attachmentId, digest)
        if (data === undefined)
          throw new Error(`attachment does not exist: ${documentId} ${attachmentId}`)
        return data
      }),
    getChangedDocumentsSince: (limit, checkpoint) =>
      read(() => {
        const page = table.readSince(checkpoint?.seq ?? 0, limit)
        return { documents: page.documents, checkpoint: { seq: page.seq } }
      }),
    changeStream: () => collection.changes.asObservable(),
    cleanup: (minimumDeletedTime) =>
      read(() =>
        host.background.run((hasTime) => {
          host.transactions.keepSequence()
          return table.forgetDeleted(now() - minimumDeletedTime, hasTime)
        }),
      ),
    close() {
      if (!closed) {
        host.transactions.settle()
        closed = true
        host.release(collection)
      }
      return Promise.resolve()
    },
    async remove() {
      // RxDB's own storage tests want a plain Error here.
      if (closed) throw new Error('closed')
      await read(() => host.remove(collection))
      closed = true
    },
  }
  return instance
}

function categorize(
  instance: StorageInstance,
  { table }: OpenCollection,
  rows: WriteRow[],
  context: string,
): CategorizeBulkWriteRowsOutput<Fields> {
  const stored = new Map<string, StoredDocument>()
  for (const row of rows) {
    const id = String(row.document[table.primaryPath])
    const rev = table.rev(id)
    if (rev === undefined) continue
    // Same revision, same document: only a conflict needs the stored one parsed.
    const document = row.previous?._rev === rev ? row.previous : table.read(id)
    if (document !== undefined) stored.set(id, document)
  }
  return categorizeBulkWriteRows(instance, table.primaryPath, stored, rows, context)
}

function writeRows(
  collection: OpenCollection,
  writer: Writer,
  categorized: CategorizeBulkWriteRowsOutput<Fields>,
): void {
  const { primaryPath } = collection.table
  for (const { document } of categorized.bulkInsertDocs) {
    writer.write(collection, String(document[primaryPath]), { document })
  }
  for (const { document, previous } of categorized.bulkUpdateDocs) {
    writer.write(collection, String(document[primaryPath]), {
      document,
      ...(previous === undefined ? {} : { previous }),
    })
  }
}

/** Blobs can only be read asynchronously, so their bytes are there before the transaction begins. */
async function readAttachments(rows: readonly WriteRow[]): Promise<ReadonlyMap<Blob, Uint8Array>> {
  const data = new Map<Blob, Uint8Array>()
  for (const { document } of rows) {
    for (const attachment of Object.values(document._attachments)) {
      if ('data' in attachment)
        data.set(attachment.data, new Uint8Array(await attachment.data.arrayBuffer()))
    }
  }
  return data
}

function writeAttachments(
  { attachments }: OpenCollection,
  categorized: CategorizeBulkWriteRowsOutput<Fields>,
  data: ReadonlyMap<Blob, Uint8Array>,
): void {
  for (const { documentId, attachmentId, attachmentData, digest } of [
    ...categorized.attachmentsAdd,
    ...categorized.attachmentsUpdate,
  ]) {
    const bytes = data.get(attachmentData.data)
    if (bytes === undefined) continue
    attachments?.write(documentId, {
      id: attachmentId,
      digest,
      type: attachmentData.type,
      data: bytes,
    })
  }
  for (const { documentId, attachmentId } of categorized.attachmentsRemove) {
    attachments?.remove(documentId, attachmentId)
  }
}

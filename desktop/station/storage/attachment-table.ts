import type Database from 'better-sqlite3'

import { quote } from './collection-table.ts'

/** The bytes of a collection's attachments; their description is in the documents. */
export interface AttachmentTable {
  write(
    documentId: string,
    attachment: { id: string; digest: string; type: string; data: Uint8Array },
  ): void
  /** undefined when there is none, or when it has changed since that digest */
  read(documentId: string, attachmentId: string, digest: string): Blob | undefined
  remove(documentId: string, attachmentId: string): void
  drop(): void
}

export function openAttachmentTable(
  db: Database.Database,
  collectionTable: string,
): AttachmentTable {
  const table = quote(`${collectionTable}#attachments`)
  db.exec(`CREATE TABLE IF NOT EXISTS ${table} (
    document TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, type TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (document, id))`)
  const insert = db.prepare<[string, string, string, string, Uint8Array]>(
    `INSERT OR REPLACE INTO ${table} (document, id, digest, type, data) VALUES (?, ?, ?, ?, ?)`,
  )
  const select = db.prepare<[string, string, string], { type: string; data: Buffer<ArrayBuffer> }>(
    `SELECT type, data FROM ${table} WHERE document = ? AND id = ? AND digest = ?`,
  )
  const remove = db.prepare<[string, string]>(`DELETE FROM ${table} WHERE document = ? AND id = ?`)
  return {
    write: (documentId, { id, digest, type, data }) =>
      void insert.run(documentId, id, digest, type, data),
    read(documentId, attachmentId, digest) {
      const row = select.get(documentId, attachmentId, digest)
      return row === undefined ? undefined : new Blob([row.data], { type: row.type })
    },
    remove: (documentId, attachmentId) => void remove.run(documentId, attachmentId),
    drop: () => void db.exec(`DROP TABLE ${table}`),
  }
}

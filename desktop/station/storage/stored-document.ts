import type { RxDocumentData } from 'rxdb'

/** A document's fields, whatever its schema. */
export type Fields = Record<string, unknown>

/** A document as RxDB keeps it: the fields of its schema beside `_deleted`, `_rev`, `_meta` and `_attachments`. */
export type StoredDocument = RxDocumentData<Fields>

/** The checkpoint of this storage: its own sequence, which no clock can set back. */
export interface SequenceCheckpoint {
  readonly seq: number
}

// JSON comes from this file alone, where only whole StoredDocuments were written.
export function parseDocument(json: string): StoredDocument {
  return JSON.parse(json) as StoredDocument
}

import { randomToken, type EventBulk, type RxStorageChangeEvent } from 'rxdb'

import type { Fields, SequenceCheckpoint, StoredDocument } from './stored-document.ts'

export type ChangeEvent = RxStorageChangeEvent<Fields>
export type ChangeBulk = EventBulk<ChangeEvent, SequenceCheckpoint>

/** What one transaction did to one collection: per document its state before the transaction and after it. */
export type Changes = Map<
  string,
  { readonly previous: StoredDocument | undefined; document: StoredDocument }
>

const TOKEN = randomToken(10)
let bulks = 0

/** The event bulk for RxDB; undefined when no document that anybody could see has changed. */
export function changeBulk(changes: Changes, seq: number, context: string): ChangeBulk | undefined {
  const events: ChangeEvent[] = []
  for (const [documentId, { previous, document }] of changes) {
    const event = changeEvent(documentId, previous, document)
    if (event !== undefined) events.push(event)
  }
  if (events.length === 0) return undefined
  return { id: `${TOKEN}-${++bulks}`, events, checkpoint: { seq }, context }
}

// The operations are those of RxDB's categorizeBulkWriteRows, which the storage uses for RxDB's own writes.
function changeEvent(
  documentId: string,
  previous: StoredDocument | undefined,
  document: StoredDocument,
): ChangeEvent | undefined {
  if (document._deleted) {
    if (previous === undefined) return undefined
    return {
      operation: 'DELETE',
      documentId,
      documentData: document,
      previousDocumentData: previous,
    }
  }
  if (previous === undefined || previous._deleted) {
    return {
      operation: 'INSERT',
      documentId,
      documentData: document,
      previousDocumentData: undefined,
    }
  }
  return { operation: 'UPDATE', documentId, documentData: document, previousDocumentData: previous }
}

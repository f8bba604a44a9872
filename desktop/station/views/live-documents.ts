import type { MangoQuerySelector, RxCollection, RxDocument } from 'rxdb'

/**
 * Documents by RxDB's query cache: read from the file once, then kept up to date by events. They
 * are shared with the cache: not to be changed.
 */
export async function findWhere<T extends object>(
  collection: RxCollection<T>,
  selector: MangoQuerySelector<T>,
): Promise<T[]> {
  const documents = await collection.find({ selector }).exec()
  return documents.map(plain)
}

export async function findById<T extends object>(
  collection: RxCollection<T>,
  ids: string[],
): Promise<Map<string, T>> {
  const documents = await collection.findByIds(ids).exec()
  return new Map([...documents].map(([id, document]) => [id, plain(document)]))
}

/** RxDB gives the same RxDocument for the same revision. */
const plains = new WeakMap<object, unknown>()

/**
 * Its own data, the same object while the document is unchanged: what is derived from it can be
 * kept beside it. (The getters of an RxDocument build a proxy for each nested field that is read.)
 */
function plain<T>(document: RxDocument<T>): T {
  const known = plains.get(document)
  const data = known ?? document.toJSON()
  if (known === undefined) plains.set(document, data)
  // Cast: RxDB types it read-only through and through; views only read
  return data as T
}

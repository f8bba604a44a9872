import type { MangoQuerySelector, RxCollection, RxDocument, RxQuery } from 'rxdb'

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

/**
 * `findWhere` of one place that asks time after time: the query is kept, which RxDB would else know again
 * by its text, and so is its answer. While nothing of that has changed it is the same array.
 */
export function keptWhere<T extends object>(
  collection: RxCollection<T>,
): (selector: MangoQuerySelector<T>) => Promise<readonly T[]> {
  let kept: {
    text: string
    query: RxQuery<T, RxDocument<T>[]>
    documents: readonly RxDocument<T>[]
    answer: readonly T[]
  } | null = null
  return async (selector) => {
    const text = JSON.stringify(selector)
    if (kept?.text !== text) {
      kept = { text, query: collection.find({ selector }), documents: [], answer: [] }
    }
    const asked = kept
    const documents = await asked.query.exec()
    if (!hasSameItems(documents, asked.documents)) {
      asked.documents = documents
      asked.answer = documents.map(plain)
    }
    return asked.answer
  }
}

/** The same of documents by id; of other ids than the last time it is another query. */
export function keptById<T extends object>(
  collection: RxCollection<T>,
): (ids: readonly string[]) => Promise<ReadonlyMap<string, T>> {
  let kept: {
    ids: readonly string[]
    query: RxQuery<T, Map<string, RxDocument<T>>>
    documents: ReadonlyMap<string, RxDocument<T>> | null
    answer: ReadonlyMap<string, T>
  } | null = null
  return async (ids) => {
    if (kept === null || !hasSameItems(ids, kept.ids)) {
      kept = { ids, query: collection.findByIds([...ids]), documents: null, answer: new Map() }
    }
    const asked = kept
    // RxDB gives the same map for the same answer.
    const documents = await asked.query.exec()
    if (documents !== asked.documents) {
      asked.documents = documents
      asked.answer = new Map([...documents].map(([id, document]) => [id, plain(document)]))
    }
    return asked.answer
  }
}

export function hasSameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index])
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

import { z } from 'zod'

const Page = z.array(z.unknown())
const PageDocument = z.object({
  collection: z.string(),
  doc: z.object({ body: z.object({ kind: z.string() }).optional() }).nullable(),
})
type PageDocument = z.infer<typeof PageDocument>

const V1_COLLECTIONS: readonly string[] = ['clinic', 'patients', 'visits', 'entries']
/** Kinds that came later, in collections that version 1 knew. */
const LATER_THAN_V1: readonly string[] = [
  'FAVOURITES',
  'WAIVER',
  'INVOICE_VOID',
  'ADDENDUM',
  'STOCK_MOVEMENT',
  'DRAWER_SHIFT',
  'CONSENT',
  'RECORD_OPENED',
]

/**
 * What stations of the versions before the present one know; a version adds its line when it is
 * followed by another. Of anything else they are sent nothing: they could not read the page, or would
 * take a waiver for a payment. Once updated they pull anew, and get it then.
 */
const KNOWN_TO: Readonly<Record<number, (document: PageDocument) => boolean>> = {
  1: ({ collection, doc }) =>
    V1_COLLECTIONS.includes(collection) && !LATER_THAN_V1.includes(doc?.body?.kind ?? ''),
}

/**
 * The documents of a page for a station of this version. The checkpoint is the page's all the same.
 *
 * @param documents JSON texts, joined by commas
 * @param newest the version that is served as it is, without a look at the texts
 */
export function documentsFor(protocol: number, documents: string, newest: number): string {
  const isKnown = KNOWN_TO[protocol]
  if (protocol === newest || isKnown === undefined || documents === '') return documents
  return Page.parse(JSON.parse(`[${documents}]`))
    .filter((document) => isKnown(PageDocument.parse(document)))
    .map((document) => JSON.stringify(document))
    .join(',')
}

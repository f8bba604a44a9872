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

/** A CommandResult as it was printed; what is in it is passed on as it is. */
const Answer = z.looseObject({ documents: Page })

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

/**
 * The answers to a push, for a station of this version: what became of its command all the same, and
 * of the documents those that it knows. By a decision of its ADMIN it may have written others.
 *
 * @param answers JSON texts of a CommandResult each
 */
export function answersFor(protocol: number, answers: readonly string[], newest: number): string[] {
  const isKnown = KNOWN_TO[protocol]
  if (protocol === newest || isKnown === undefined) return [...answers]
  return answers.map((text) => {
    const answer = Answer.parse(JSON.parse(text))
    const documents = answer.documents.filter((document) => isKnown(PageDocument.parse(document)))
    return JSON.stringify({ ...answer, documents })
  })
}

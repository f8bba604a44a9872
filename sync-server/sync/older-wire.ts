import { z } from 'zod'

/**
 * What stations of the versions before the present one know; a version adds its line when it is
 * followed by another. Of any other collection they are sent nothing: they could not read the page.
 * Once updated they pull anew, and get it then.
 */
const KNOWN_TO: Readonly<Record<number, readonly string[]>> = {
  1: ['clinic', 'patients', 'visits', 'entries'],
  2: ['clinic', 'patients', 'visits', 'entries'],
}

const Page = z.array(z.looseObject({ collection: z.string() }))

/**
 * The documents of a page for a station of this version. The checkpoint is the page's all the same.
 *
 * @param documents JSON texts, joined by commas
 * @param newest the version that is served as it is, without a look at the texts
 */
export function documentsFor(protocol: number, documents: string, newest: number): string {
  const known = KNOWN_TO[protocol]
  if (protocol === newest || known === undefined || documents === '') return documents
  return Page.parse(JSON.parse(`[${documents}]`))
    .filter(({ collection }) => known.includes(collection))
    .map((document) => JSON.stringify(document))
    .join(',')
}

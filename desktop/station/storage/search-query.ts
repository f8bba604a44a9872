/** An FTS5 query that `Store.search` accepts; made by `prefixQuery` alone, so what a person typed is never syntax. */
export type SearchQuery = string & { readonly __searchQuery: never }

const HAS_WORD = /[\p{L}\p{N}]/u

/**
 * Every word must begin some word of the document, in any order. Words are normalised as the indexed text is.
 * Undefined when nothing typed is a word: there is nothing to search for.
 */
export function prefixQuery(words: readonly string[]): SearchQuery | undefined {
  const terms = words
    .filter((word) => HAS_WORD.test(word))
    .map((word) => `"${word.replaceAll('\0', '').replaceAll('"', '""')}"*`)
  // Quoted, each term is a literal to FTS5; the brand says so.
  return terms.length === 0 ? undefined : (terms.join(' ') as SearchQuery)
}

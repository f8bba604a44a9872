/**
 * Lists as PostgreSQL reads arrays, for `unnest()`: a column each costs it a good deal less than a list
 * of JSON objects, whose every key it reads again, and us less than `pg`, which quotes every number.
 */

/** Of what needs no quotes, by its form: ids, numbers, stamps, names from a closed list. */
export function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** Of whatever text. */
export function textArray(values: readonly string[]): string {
  return `{${values.map(quote).join(',')}}`
}

/** Of lists, which may differ in length: each as a text, to be cast to an array of its own. */
export function listArray(lists: readonly (readonly string[])[]): string {
  return textArray(lists.map(textArray))
}

/** Of JSON as `JSON.stringify` prints it, in which no control character is left to be lost. */
export function jsonArray(texts: readonly (string | null)[]): string {
  return `{${texts.map((text) => (text === null ? 'NULL' : JSON.stringify(text))).join(',')}}`
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

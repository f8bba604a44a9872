/** One deliberate defect, and the test that must notice it. */
export interface Fault {
  /** what is broken, as a person would say it */
  readonly is: string
  /** where, from the repository's root */
  readonly file: string
  /** each `from` stands in the file exactly once */
  readonly edits: ReadonlyArray<{ readonly from: string; readonly to: string }>
  readonly caughtBy: { readonly file: string; readonly test: string }
  /** of vitest.config.ts; `unit` unless said */
  readonly project?: 'unit' | 'pg'
}

/** @throws Error when an edit does not find its place: the code has moved and the fault with it */
export function seed(source: string, { is, file, edits }: Fault): string {
  return edits.reduce((text, { from, to }) => {
    const parts = text.split(from)
    if (parts.length !== 2)
      throw new Error(`"${is}" finds ${parts.length - 1} places in ${file} for: ${from}`)
    return parts.join(to)
  }, source)
}

interface Foresight<T> {
  /** Makes it of answers that will be given if all goes well; others may follow. */
  foresee: (answers: readonly string[]) => void
  /** Of the answers that are given: what was made of these very ones, or made now. */
  of: (answers: readonly string[]) => Promise<T>
}

/** What is made of a push's answers while PostgreSQL still writes what they tell of. */
export function createForesight<T>(make: (answers: readonly string[]) => Promise<T>): Foresight<T> {
  let foreseen: { answers: readonly string[]; made: Promise<T> } | null = null
  return {
    foresee(answers) {
      const made = make(answers)
      // A failure is told to whoever asks for it, if anybody does.
      made.catch(() => undefined)
      foreseen = { answers, made }
    },
    of: (answers) =>
      foreseen !== null && isSame(foreseen.answers, answers) ? foreseen.made : make(answers),
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((answer, index) => answer === b[index])
}

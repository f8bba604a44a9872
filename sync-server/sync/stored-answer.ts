import { CommandResult } from '#shared/protocol.ts'
import { answerText, type PrintedDocument } from './judged-command.ts'
import { keyOf } from './working-set.ts'

/** `collection:id` of the documents that a stored answer carries. */
export function documentsOfAnswer(answer: string): string[] {
  return readAnswer(answer).documents.map(({ collection, id }) => keyOf(collection, id))
}

/**
 * A stored answer as it is given again: the verdict of the first time, but what stands now in place
 * of what stood then. The station may have pulled something newer and must not be taken back to it.
 *
 * @param standing null: there is no such document
 */
export function answerAgain(
  answer: string,
  standing: (key: string) => PrintedDocument | null,
): string {
  const stored = readAnswer(answer)
  let isStale = false
  const documents = stored.documents.map((document) => {
    const now = standing(keyOf(document.collection, document.id))
    if (now === null || now.seq <= document.seq) return JSON.stringify(document)
    isStale = true
    return now.text
  })
  return isStale ? answerText(stored, stored, documents) : answer
}

function readAnswer(answer: string): CommandResult {
  return CommandResult.parse(JSON.parse(answer))
}

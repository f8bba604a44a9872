import { CommandResult, FeedDocument } from '#shared/protocol.ts'
import { z } from 'zod'
import { absentText, answerText, type PrintedDocument } from './judged-command.ts'
import { keyOf } from './working-set.ts'

/** A document is named, and was copied by earlier versions; or there was none, and it says so. */
const StoredAnswer = CommandResult.extend({
  documents: z.array(FeedDocument.partial({ doc: true })),
})

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
  standing: (key: string) => Pick<PrintedDocument, 'seq' | 'text'> | null,
): string {
  const stored = readAnswer(answer)
  const documents = stored.documents.map((document) => {
    const key = keyOf(document.collection, document.id)
    const now = standing(key)
    const isCopied = document.doc !== undefined
    if (isCopied && (now === null || now.seq <= document.seq)) return JSON.stringify(document)
    return now?.text ?? absentText(key)
  })
  return answerText(stored, stored, documents)
}

function readAnswer(answer: string): z.infer<typeof StoredAnswer> {
  return StoredAnswer.parse(JSON.parse(answer))
}

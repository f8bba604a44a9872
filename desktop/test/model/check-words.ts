import { Command, type Write } from '#shared/commands.ts'
import { Entry } from '#shared/entry.ts'
import { Invoice } from '#shared/invoice.ts'
import { Prescription } from '#shared/prescription.ts'
import type { Contents } from '../support/compare.ts'
import type { StationFile } from './model-station.ts'
import type { History } from './run-history.ts'

/**
 * I8: a text that a person saw confirmed stands, or is kept beside what stands, or is in an inbox, or
 * somebody who had it before them wrote something else in its place.
 */
export function lostTexts(
  server: Contents,
  files: readonly StationFile[],
  { confirmed, lost }: History,
): string[] {
  const all = [...files, ...lost.values()]
  const kept = [
    ...server.values(),
    ...all.flatMap(({ rejected }) => rejected),
    // Gone with the disk, and from nowhere else.
    ...[...lost.values()].flatMap(({ unsent }) => unsent),
  ].join('\n')
  const writes = all.flatMap(({ accepted }) => accepted.flatMap((text) => writesOf(text)))
  return confirmed.flatMap(({ name, station, text }) => {
    if (text === null || kept.includes(text)) return []
    const wasReplaced = writes.some(
      ({ base, next }) =>
        JSON.stringify(base).includes(text) && !JSON.stringify(next).includes(text),
    )
    return wasReplaced ? [] : [`I8: ${text} of a ${name} at station ${station} is nowhere`]
  })
}

/** I5: what is written once stands as the station that wrote it had signed it. */
export function changedForGood(server: Contents, files: readonly StationFile[]): string[] {
  return files.flatMap(({ accepted }) =>
    accepted.flatMap((payload) =>
      writesOf(payload).flatMap(({ collection, id, next }) => {
        const signed = wordsOf(collection, next)
        if (signed === null) return []
        const stands: unknown = JSON.parse(server.get(`${collection}/${id}`) ?? 'null')
        const now = stands === null ? null : wordsOf(collection, stands)
        return signed === now ? [] : [`I5: ${collection}/${id} was ${signed} and is ${now}`]
      }),
    ),
  )
}

/** Of a final prescription, an invoice or an entry all that the server never sets: no stamp, no receipt, no number's letter. */
function wordsOf(collection: string, document: unknown): string | null {
  switch (collection) {
    case 'prescriptions': {
      const { status, draftId, doctorId, visitId, patientId, lines, note } =
        Prescription.parse(document)
      return status === 'FINAL'
        ? JSON.stringify({ draftId, doctorId, visitId, patientId, lines, note })
        : null
    }
    case 'invoices': {
      const { visitId, patientId, doctorId, number, lines, total } = Invoice.parse(document)
      const given = number.number
      return JSON.stringify({ visitId, patientId, doctorId, given, lines, total })
    }
    case 'entries': {
      const { visitId, patientId, by, body } = Entry.parse(document)
      const said = body.kind === 'PAYMENT' ? { ...body, receipt: null } : body
      return JSON.stringify({ visitId, patientId, by, said })
    }
    default:
      return null
  }
}

const writesOf = (payload: string): Write[] => Command.parse(JSON.parse(payload)).writes

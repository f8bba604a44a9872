import { type Command, patientIn } from '#shared/commands.ts'
import { isErased } from '#shared/erased.ts'
import type { ErrorCode, ErrorDetails } from '#shared/errors.ts'
import type { CommandResult, FeedDocument } from '#shared/protocol.ts'
import { applyDocuments, forgetPatient, readFeed } from './master-documents.ts'
import { lowerStamp, rememberTime, type ReplicaCore, touching } from './replica-core.ts'

/** Applies the server's answers to a push, command by command, in one transaction. */
export function applyResults(core: ReplicaCore, results: readonly CommandResult[]): void {
  const { file } = core
  const changed = file.repeatableTransaction((tx) => {
    const forgotten = results.flatMap(({ commandId, verdict }) => {
      const command = verdict === 'REJECTED' ? file.outbox.find(commandId) : null
      return command === null ? [] : erasedIn(core, command)
    })
    const documents = new Map<string, FeedDocument>()
    for (const result of results) {
      for (const document of [...settleCommand(core, result), ...result.documents]) {
        const key = `${document.collection}/${document.id}`
        const earlier = documents.get(key)
        // A replayed answer may carry what stood when it was first given; and what stood before the
        // first of several refused writes stands after them all.
        if (earlier === undefined || earlier.seq < document.seq) documents.set(key, document)
      }
    }
    const collections = applyDocuments(core, tx, {
      masters: readFeed(core, [...documents.values()]),
    })
    for (const id of forgotten) forgetPatient(core, id)
    file.meta.set('lastContact', core.clock.now())
    lowerStamp(core)
    rememberTime(core)
    return collections
  })
  core.tell(touching(changed, true))
}

/** The feed number of what the server did not name: anything that it did name goes before it. */
const UNNAMED = -1

/**
 * @returns what stands where the answer to a refused command does not say so: the server refuses a bad
 *   signature, or data it cannot keep, without a look at the documents
 */
function settleCommand(core: ReplicaCore, result: CommandResult): FeedDocument[] {
  const { commandId, verdict, code, details } = result
  const { outbox } = core.file
  const command = outbox.find(commandId)
  if (command === null) return []
  switch (verdict) {
    case 'ACCEPTED':
      core.file.givenAnew.note(command, details, core.clock.now())
      outbox.accept(commandId, core.clock.now())
      return []
    case 'HELD':
      outbox.hold(commandId, { by: 'SERVER', code: code ?? 'INTERNAL', details })
      return []
    case 'REJECTED': {
      // What is written about one who was erased is not kept for anybody to enter again.
      if (erasedIn(core, command).length === 0) {
        outbox.reject({ command, code: code ?? 'INTERNAL', details, answeredAt: core.clock.now() })
      }
      const stands = command.writes.map(({ collection, id }) => ({
        collection,
        id,
        seq: UNNAMED,
        doc: outbox.master(collection, id),
      }))
      outbox.remove(commandId)
      return stands
    }
  }
}

/** Patients that a command is about and that were erased. */
function erasedIn({ file }: ReplicaCore, { writes }: Command): string[] {
  return writes.flatMap((write) => {
    const patientId = patientIn(write)
    const patient = patientId === null ? null : file.rows.byId('patients', patientId)
    return patient !== null && isErased(patient) ? patient.id : []
  })
}

/** Keeps commands back by this station's own decision, so that those behind them can go. */
export function holdCommands(
  core: ReplicaCore,
  held: readonly { commandId: string; code: ErrorCode; details: ErrorDetails }[],
): void {
  core.file.store.transaction(() => {
    for (const { commandId, code, details } of held) {
      core.file.outbox.hold(commandId, { by: 'STATION', code, details })
    }
  })
  core.tell(touching([], true))
}

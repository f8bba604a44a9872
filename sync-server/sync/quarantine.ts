import { type ClinicDoc, MAX_ENTERED, Quarantined, SESSION_UNKNOWN } from '#shared/clinic.ts'
import { type Command, patientOf } from '#shared/commands.ts'
import { enteredOf } from '#shared/entered.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import type { CommandId } from '#shared/ids.ts'
import type { DocumentChange } from './apply-writes.ts'
import { documentIn, putDocument, type ServerDocument, type WorkingSet } from './working-set.ts'

function idOf(commandId: CommandId): string {
  return `quarantined:${commandId}`
}

/** Shows a held command to the clinic's ADMINs, once however often its station tries again. */
export function putQuarantined(set: WorkingSet, command: Command, details: ErrorDetails): void {
  const id = idOf(command.commandId)
  if (documentIn(set, 'clinic', id) !== null) return
  const entered = enteredOf(command)
  const body = Quarantined.parse({
    kind: 'QUARANTINED',
    commandId: command.commandId,
    stationId: command.stationId,
    name: command.name,
    by: command.by,
    at: command.at,
    reason: details['reason'],
    patientId: patientOf(command),
    entered: entered.slice(0, MAX_ENTERED),
    more: Math.max(0, entered.length - MAX_ENTERED),
    touches: [
      ...command.writes.map(({ collection, id: touched }) => ({ collection, id: touched })),
      ...(set.sessions.has(command.by) ? [] : [{ collection: SESSION_UNKNOWN, id: command.by }]),
    ],
    decision: 'PENDING',
  })
  putDocument(set, {
    collection: 'clinic',
    doc: { id, clinicId: set.clinicId, body },
    origins: {},
  })
}

export function quarantinedIn(set: WorkingSet, commandId: CommandId): Quarantined | null {
  const body = documentIn(set, 'clinic', idOf(commandId))?.body
  return body?.kind === 'QUARANTINED' ? body : null
}

/** @returns the change, for the audit, which keeps no copy of what was entered either */
export function putDecision(
  set: WorkingSet,
  quarantined: Quarantined,
  decision: 'ACCEPTED' | 'REJECTED',
): DocumentChange {
  const id = idOf(quarantined.commandId)
  const documentOf = (body: Quarantined): ServerDocument => ({
    collection: 'clinic',
    doc: { id, clinicId: set.clinicId, body },
    origins: {},
  })
  return {
    before: documentOf(withoutEntered(quarantined)),
    after: putDocument(set, documentOf(decided(quarantined, decision))),
  }
}

/** The document with its decision; null: there is nothing to decide. */
export function decidedDocument(
  { id, clinicId, body }: ClinicDoc,
  decision: 'ACCEPTED' | 'REJECTED',
): ClinicDoc | null {
  if (body.kind !== 'QUARANTINED' || body.decision !== 'PENDING') return null
  return { id, clinicId, body: decided(body, decision) }
}

/** Once decided, nobody needs a second copy of what a patient had told. */
function decided(quarantined: Quarantined, decision: 'ACCEPTED' | 'REJECTED'): Quarantined {
  return { ...withoutEntered(quarantined), decision }
}

function withoutEntered(quarantined: Quarantined): Quarantined {
  const { entered: _entered, more: _more, ...rest } = quarantined
  return rest
}

/** The keys of the `clinic` documents that a command may need: its own, and the one it decides on. */
export function quarantineKeys({ commandId, decision }: Command): string[] {
  return decision === null ? [idOf(commandId)] : [idOf(commandId), idOf(decision.commandId)]
}

import type { Command, Write } from '#shared/commands.ts'

/** The documents that a write makes, changes or stands on. */
function namedBy({ collection, next, id }: Write): string[] {
  switch (collection) {
    case 'patients':
      return [id]
    case 'visits':
      return [id, next.patientId, ...(next.mergedInto === null ? [] : [next.mergedInto])]
    case 'entries':
      return [
        id,
        next.visitId,
        next.patientId,
        ...(next.body.kind === 'REFUND' ? [next.body.paymentId] : []),
      ]
  }
}

/**
 * The commands behind `held` that stand on what it wrote, directly or through another: sent without
 * it, the server would take them for nonsense and reject them for good.
 *
 * @param later the commands after it, in order
 */
export function dependentsOf(held: Command, later: readonly Command[]): Command[] {
  const written = new Set(held.writes.map(({ id }) => id))
  const dependents: Command[] = []
  for (const command of later) {
    if (!command.writes.flatMap(namedBy).some((id) => written.has(id))) continue
    dependents.push(command)
    for (const { id } of command.writes) written.add(id)
  }
  return dependents
}

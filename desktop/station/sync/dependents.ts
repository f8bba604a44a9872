import { type Command, referencesIn, type Write } from '#shared/commands.ts'
import type { HeldWriter } from '../replica/outbox.ts'

export interface Dependent {
  readonly command: Command
  /** The id of a held command that it waits for. */
  readonly parent: string
}

/** The documents that a write makes, changes or stands on. */
function namedBy(write: Write): string[] {
  return [write.id, ...referencesIn(write).map(({ id }) => id)]
}

/**
 * The commands that stand on what held ones wrote, directly or through another: sent without them,
 * the server would take them for nonsense and reject them for good.
 *
 * @param held documents written by held commands
 * @param commands in order
 */
export function dependentsOf(
  held: ReadonlyMap<string, HeldWriter>,
  commands: readonly Command[],
): Dependent[] {
  const writers = new Map(held)
  const dependents: Dependent[] = []
  for (const command of commands) {
    const parent = command.writes
      .flatMap(namedBy)
      .map((id) => writers.get(id))
      .find((writer) => writer !== undefined && writer.seq < command.seq)
    if (parent === undefined) continue
    dependents.push({ command, parent: parent.commandId })
    for (const { id } of command.writes) if (!writers.has(id)) writers.set(id, command)
  }
  return dependents
}

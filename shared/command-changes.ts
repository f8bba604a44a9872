import type { Change, CommandChanges } from './change.ts'
import { WritableCollection } from './collections.ts'
import { SHAPES } from './command-shape.ts'
import type { Command } from './commands.ts'
import { readWrite } from './write-change.ts'
import { isOfShape } from './write-shape.ts'

/**
 * Reads what a command's writes do and checks that they are what its name allows, that every new
 * fact and mark is the author's own, and that nothing else was touched. Needs no other knowledge:
 * a forged command is refused here whatever the database holds.
 *
 * @returns null if the writes are not the command
 */
export function readChanges(command: Command): CommandChanges | null {
  const ids = new Set(command.writes.map(({ collection, id }) => `${collection}:${id}`))
  if (ids.size !== command.writes.length) return null
  const read = new Map<WritableCollection, Change[]>()
  for (const write of command.writes) {
    const { collection, id, base, next } = write
    if (next.id !== id || (base !== null && base.id !== id)) return null
    const change = readWrite(command, write)
    if (change === null) return null
    const others = read.get(collection)
    if (others === undefined) read.set(collection, [change])
    else others.push(change)
  }
  // Cast: each write's change lies under its collection
  const changes = Object.fromEntries(
    WritableCollection.options.map((collection) => [collection, read.get(collection) ?? []]),
  ) as unknown as CommandChanges
  return isTheCommand(command, changes) ? changes : null
}

function isTheCommand(command: Command, changes: CommandChanges): boolean {
  if ((command.name === 'decideQuarantined') !== (command.decision !== null)) return false
  const shape = SHAPES[command.name]
  const touched = WritableCollection.options.filter((name) => changes[name].length > 0)
  // A command of several optional parts writes at least one of them, and a decision none.
  if (touched.length > 0 !== (command.decision === null)) return false
  if (command.name === 'settleConflict' && command.writes.length !== 1) return false
  return WritableCollection.options.every((collection) =>
    isOfShape(collection, { command, shape, changes }),
  )
}

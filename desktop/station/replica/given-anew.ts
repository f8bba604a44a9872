import type Database from 'better-sqlite3'
import { z } from 'zod'
import { type CollectionName, COLLECTIONS, type Documents } from '#shared/collections.ts'
import type { Command } from '#shared/commands.ts'
import type { ErrorDetails } from '#shared/errors.ts'
import { GIVEN_ANEW } from '#shared/given-anew.ts'
import { CommandId, UserId } from '#shared/ids.ts'
import { Stamp } from '#shared/stamp.ts'
import { formatTicket } from '#shared/ticket.ts'

/** A number that was given on paper here, found taken, and given anew by the server. */
const NumberGivenAnew = z.object({
  commandId: CommandId,
  collection: z.enum(['visits', 'entries', 'invoices', 'appointments']),
  id: z.string(),
  by: UserId,
  at: Stamp,
  /** With its letter, as `formatTicket` writes it. */
  taken: z.string(),
  given: z.string(),
})
export type NumberGivenAnew = z.infer<typeof NumberGivenAnew>

/** Kept until somebody has told whoever holds the paper, and for some days after that. */
export interface GivenAnew {
  /**
   * What the answer to an accepted command says of its numbers; that it says nothing means that those on paper
   * stand, also where another answer had said something before a server was set back. @param at milliseconds
   */
  note(command: Command, details: ErrorDetails, at: number): void
  unseen(): NumberGivenAnew[]
  /** @returns false: none of that command */
  see(commandId: string): boolean
  hasTickets(): boolean
  /** Forgets what was seen, and tickets, whose day is long over. @param before milliseconds */
  prune(before: number): void
}

export function openGivenAnew(db: Database.Database): GivenAnew {
  // An answer that is given once more tells of nothing new; a server set back may give yet another.
  const upsert = db.prepare<[string, string, string, string, string, string, string, number]>(
    `INSERT INTO given_anew (command_id, collection, id, author, at, taken, given, answered_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (command_id, collection) DO UPDATE
       SET given = excluded.given, seen = 0, answered_at = excluded.answered_at
       WHERE given <> excluded.given`,
  )
  const turn = db.prepare<[string, number, string, string, string]>(
    `UPDATE given_anew SET taken = given, given = ?, seen = 0, answered_at = ?
     WHERE command_id = ? AND collection = ? AND seen = 1 AND given <> ?`,
  )
  const drop = db.prepare<[string, string, string]>(
    'DELETE FROM given_anew WHERE command_id = ? AND collection = ? AND seen = 0 AND given <> ?',
  )
  const select = db.prepare<[]>(
    `SELECT command_id AS commandId, collection, id, author AS "by", at, taken, given
     FROM given_anew WHERE seen = 0`,
  )
  const see = db.prepare<[string]>(
    'UPDATE given_anew SET seen = 1 WHERE command_id = ? AND seen = 0',
  )
  const selectTicket = db.prepare("SELECT 1 FROM given_anew WHERE collection = 'visits' LIMIT 1")
  const prune = db.prepare<[number]>(
    "DELETE FROM given_anew WHERE (seen = 1 OR collection = 'visits') AND answered_at < ?",
  )
  return {
    note({ commandId, by, at, writes }, details, answeredAt) {
      for (const { collection, id, next } of writes) {
        const names = GIVEN_ANEW[collection]
        if (names === undefined) continue
        const { [names.taken]: taken, [names.given]: given } = details
        const [made] = numbersIn(collection, next)
        if (made === undefined) continue
        if (typeof taken !== 'string' || typeof given !== 'string') {
          // Whoever was told of the other is to be told that it is this one again.
          turn.run(made, answeredAt, commandId, collection, made)
          drop.run(commandId, collection, made)
          continue
        }
        if (made !== taken) continue
        upsert.run(commandId, collection, id, by, at, taken, given, answeredAt)
      }
    },
    unseen: () => select.all().map((row) => NumberGivenAnew.parse(row)),
    see: (commandId) => see.run(commandId).changes > 0,
    hasTickets: () => selectTicket.get() !== undefined,
    prune: (before) => void prune.run(before),
  }
}

function numbersIn(collection: CollectionName, document: Documents[CollectionName]): string[] {
  // Cast: the document is its own collection's
  const { numbers } = COLLECTIONS[collection] as (typeof COLLECTIONS)['visits']
  return numbers(document as Documents['visits']).map((given) => formatTicket(given, true))
}

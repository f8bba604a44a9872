import { z } from 'zod'
import { numberKey } from '#shared/collection-rules.ts'
import { Command } from '#shared/commands.ts'
import { Subscription } from '#shared/entitlement.ts'
import { ErrorCode } from '#shared/errors.ts'
import { CommandId, StationId, UserId } from '#shared/ids.ts'
import { Verdict } from '#shared/protocol.ts'
import { Role } from '#shared/roles.ts'
import { Stamp } from '#shared/stamp.ts'
import { type ClinicTx, settleAll } from '../database/clinic-tx.ts'
import { admitStation } from '../identity/require-station.ts'
import type { Feed } from './feed.ts'
import { isAhead, isNumbered, loadDocuments } from './load-documents.ts'
import { referencesOf, touchesOf } from './judged-command.ts'
import { findSecondCopy, type SecondCopy } from './second-copy.ts'
import { readLostHistory } from './lost-history.ts'
import { documentsOfAnswer } from './stored-answer.ts'
import {
  addHeld,
  addStanding,
  type AnsweredCommand,
  numberOf,
  type WorkingSet,
} from './working-set.ts'

/** What the station's stamps were clamped to before. */
export interface KnownClamps {
  /** The latest, or null: its clock was never far ahead. */
  floor: Stamp | null
  known: Map<string, string>
}

const History = z.object({
  letter: z.string(),
  enrolledSeq: z.number(),
  former: z.array(StationId),
  lastCommand: z.number(),
  lastAck: z.number(),
  clampFloor: Stamp.nullable(),
  clamps: z.array(z.tuple([z.string(), z.string()])),
  sessions: z.array(z.tuple([z.string(), z.number()])),
  memberships: z.array(
    z.object({
      userId: z.string(),
      seq: z.number(),
      roles: z.array(Role),
      active: z.boolean(),
      at: z.number(),
    }),
  ),
  acks: z.array(z.object({ commandSeq: z.number(), feedSeq: z.number() })),
  subscriptions: z.array(z.object({ subscription: Subscription, since: z.number() })),
})

/** As `push_state()` gives it. */
type StateRow = {
  feed: Feed
  admitted: unknown
  history: unknown
  answered: AnsweredRow[]
  held: HeldRow[]
}

/** Under the feed's lock. */
export const READ_STATE = `
  SELECT feed, admitted, history, answered, held
  FROM push_state($1, $2, $3, $4, $5, $6, $7, $8)`

const READ_HISTORY = 'SELECT station_history($1, $2, $3, $4, $5, $6) AS history'

type AnsweredRow = {
  commandId: string
  stationId: string
  verdict: string
  code: string | null
  answer: string
  seen: number
  payload: string | null
  admittedBy: string | null
}

const READ_ANSWERED = `
  SELECT command_id AS "commandId", station_id AS "stationId", verdict, code,
    response::text AS answer, seen, payload, admitted_by AS "admittedBy"
  FROM unnest($2::uuid[]) AS want (id) CROSS JOIN LATERAL (
    SELECT command_id, station_id, verdict, code, response, seen, payload, admitted_by
    FROM commands WHERE clinic_id = $1 AND command_id = want.id OFFSET 0) c`

type HeldRow = { commandId: CommandId; stationSeq: number; touches: string[] }

const READ_HELD = `
  SELECT command_id AS "commandId", station_seq AS "stationSeq", touches FROM commands
  WHERE clinic_id = $1 AND station_id = $2 AND verdict = 'HELD' ORDER BY station_seq`

/**
 * Locks the clinic's feed and loads all that judging these commands can need. The statements are
 * sent together: one round trip, and each sees what the writer before this one committed.
 *
 * The station's row is looked at under the lock too: who revokes it takes the same lock.
 *
 * @throws AppError UNAUTHENTICATED, or STATION_REVOKED
 * @param sender `broughtBy` null: by no station, but by the server itself
 * @param again HELD commands that are tried again without having arrived
 * @param touches `collection:id` of documents asked for beside those of the commands
 * @param stamps of the commands, for those that were clamped before
 * @param now the server's time, milliseconds
 */
export async function loadWorkingSet(
  tx: ClinicTx,
  sender: { stationId: StationId; broughtBy: StationId | null },
  arrived: {
    commands: readonly Command[]
    again?: readonly CommandId[]
    touches: readonly string[]
    stamps: readonly string[]
    now: number
  },
): Promise<{ set: WorkingSet; clamps: KnownClamps; copy: SecondCopy | null }> {
  const { stationId, broughtBy } = sender
  const { commands, again: tried = [], touches, stamps, now } = arrived
  const decided = commands.flatMap(({ decision }) => decision?.commandId ?? [])
  const ids = [...new Set([...commands.map(({ commandId }) => commandId), ...decided, ...tried])]
  const seqs = commands.map(({ seq }) => seq)
  const bounds = [Math.min(...seqs, Number.MAX_SAFE_INTEGER), Math.max(...seqs, 0)]
  const readHistory = async (authors: ReadonlySet<string>): Promise<z.infer<typeof History>> => {
    const asked = [tx.clinicId, stationId, stamps, [...authors], ...bounds]
    const { rows } = await tx.query<{ history: unknown }>(READ_HISTORY, asked)
    return History.parse(rows[0]?.history)
  }
  const readState = async (authors: ReadonlySet<string>) => {
    const asked = [tx.clinicId, stationId, broughtBy, ids, stamps, [...authors], ...bounds]
    const [row] = (await tx.query<StateRow>(READ_STATE, asked)).rows
    if (row === undefined) throw new Error('push_state() gave nothing')
    if (broughtBy !== null) admitStation(row.admitted)
    const held = row.held.toSorted((one, other) => one.stationSeq - other.stationSeq)
    return { ...row, history: History.parse(row.history), held }
  }
  const authors = new Set<string>(commands.map(({ by }) => by))
  const always = ['clinic:settings', `clinic:station:${stationId}`, ...touches]
  const [{ feed, answered: answeredRows, held, history: arrivedHistory }, documents, ofBringer] =
    await settleAll([
      readState(authors),
      loadDocuments(tx, commands, { always, stationId, now }),
      broughtBy === null || broughtBy === stationId
        ? Promise.resolve([])
        : readSessions(tx, broughtBy),
    ])
  const waiting = heldAhead(held, commands)
  const aheadRows =
    waiting.length === 0
      ? []
      : (await tx.query<AnsweredRow>(READ_ANSWERED, [tx.clinicId, waiting])).rows
  const answered = new Map([...answeredRows, ...aheadRows].map(readAnswered))
  // Commands that are kept here: tried again, or decided on.
  const kept = [...answered.values()].flatMap(({ command }) => command ?? [])
  const again = [...answered.values()].flatMap(({ verdict, answer }) =>
    verdict === 'HELD' ? [] : documentsOfAnswer(answer),
  )
  const more =
    kept.length + again.length === 0
      ? null
      : await loadDocuments(tx, kept, { always: again, stationId, now })
  // A command that is kept here may be of somebody who made none of those that arrived.
  const others = kept.map(({ by }) => by).filter((by) => !authors.has(by))
  const history =
    others.length === 0 ? arrivedHistory : await readHistory(new Set([...authors, ...others]))
  const lost = await readLostHistory(tx, feed, { sender, commands: [...commands, ...kept], now })
  const set: WorkingSet = {
    clinicId: tx.clinicId,
    stationId,
    feed,
    documents: new Map(),
    absent: new Set([...documents.absent, ...(more?.absent ?? [])]),
    changed: new Set(),
    visitsOfPatient: new Map(),
    entriesOfVisit: new Map(),
    invoicesOfVisit: new Map(),
    holderOfNumber: new Map(),
    rules: documents.rules,
    memberships: Map.groupBy(history.memberships, ({ userId }) => userId),
    subscriptions: history.subscriptions,
    former: new Set(history.former),
    // At the same desk as ever: who signs in at it now has signed in where the command was made.
    sessions: new Map([...ofBringer, ...history.sessions]),
    known: {
      enrolledSeq: history.enrolledSeq,
      lastCommand: history.lastCommand,
      lastAck: history.lastAck,
    },
    acks: history.acks,
    answered,
    held: { touchesOf: new Map(), writersOf: new Map() },
    lost,
    letters: { own: history.letter, given: null },
  }
  for (const standing of [...documents.standing, ...(more?.standing ?? [])])
    addStanding(set, standing)
  for (const former of history.former) held.push(...(await readHeld(tx, former)))
  for (const each of held) addHeld(set.held, each)
  const isClamped = history.clampFloor !== null || commands.some((each) => isAhead(each, now))
  // Of one that is no more, nobody gives numbers.
  const copy = broughtBy === stationId ? await findSecondCopy(tx, set, lateIn(set, commands)) : null
  if (copy !== null || isClamped || mayBeRenumbered(set, [...commands, ...kept])) {
    set.letters.given = await readLettersGiven(tx)
  }
  return { set, clamps: { floor: history.clampFloor, known: new Map(history.clamps) }, copy }
}

/**
 * HELD commands that write what these touch, or what those in turn touch: judged anew with them, since it
 * may be that no file has them any more.
 *
 * @param held in the order made
 */
function heldAhead(held: readonly HeldRow[], commands: readonly Command[]): CommandId[] {
  if (held.length === 0) return []
  const needed = new Set(commands.flatMap((each) => [...touchesOf(each), ...referencesOf(each)]))
  const arriving = new Set(commands.map(({ commandId }) => commandId))
  const last = Math.max(...commands.map(({ seq }) => seq))
  return held.toReversed().flatMap(({ commandId, stationSeq, touches }) => {
    const isAhead = stationSeq < last && touches.some((key) => needed.has(key))
    if (!isAhead || arriving.has(commandId)) return []
    for (const key of touches) needed.add(key)
    return commandId
  })
}

/** New ones whose number is not above the last one known: they come out of their place, or of a copy. */
function lateIn({ known, answered }: WorkingSet, commands: readonly Command[]): Command[] {
  return commands.filter(
    ({ seq, commandId }) => seq <= known.lastCommand && !answered.has(commandId),
  )
}

async function readHeld(tx: ClinicTx, stationId: StationId): Promise<HeldRow[]> {
  return (await tx.query<HeldRow>(READ_HELD, [tx.clinicId, stationId])).rows
}

async function readSessions(tx: ClinicTx, stationId: StationId): Promise<[UserId, number][]> {
  const { rows } = await tx.query<{ userId: UserId; firstSeq: number }>(
    `SELECT user_id AS "userId", first_seq AS "firstSeq" FROM station_sessions
     WHERE clinic_id = $1 AND station_id = $2`,
    [tx.clinicId, stationId],
  )
  return rows.map(({ userId, firstSeq }) => [userId, firstSeq])
}

/** Whether the number of a new document is not simply the station's next. */
function mayBeRenumbered(set: WorkingSet, commands: readonly Command[]): boolean {
  const numbers = new Set<string>()
  for (const command of commands) {
    for (const write of command.writes) {
      if (!isNumbered(command, write)) continue
      const given = numberOf({ collection: write.collection, doc: write.next })
      if (given === null) continue
      const key = numberKey(given)
      const holder = set.holderOfNumber.get(key)
      if (holder === write.id) continue
      const isPlain = given.letter === set.letters.own && holder === undefined
      if (!isPlain || numbers.has(key)) return true
      numbers.add(key)
    }
  }
  return false
}

/** Read only when needed: the policy that lets a person see their clinics makes it slow to plan. */
async function readLettersGiven(tx: ClinicTx): Promise<number> {
  const { rows } = await tx.query<{ given: number }>(
    'SELECT letters_given AS given FROM clinics WHERE clinic_id = $1',
    [tx.clinicId],
  )
  return rows[0]?.given ?? 0
}

function readAnswered(row: AnsweredRow): [CommandId, AnsweredCommand] {
  const { commandId, stationId, verdict, code, answer, seen, payload, admittedBy } = row
  return [
    CommandId.parse(commandId),
    {
      stationId: StationId.parse(stationId),
      verdict: Verdict.parse(verdict),
      code: ErrorCode.nullable().parse(code),
      answer,
      seen,
      command: payload === null ? null : Command.parse(JSON.parse(payload)),
      admittedBy: UserId.nullable().parse(admittedBy),
    },
  ]
}

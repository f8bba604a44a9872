import pg from 'pg'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import type { CalendarDate } from '#shared/fields.ts'
import type { StationId } from '#shared/ids.ts'
import { nodeOfStation, type Stamp } from '#shared/stamp.ts'
import { type AuditFact, chainAudit, writeAudit } from '../audit/append-audit.ts'
import { type ClinicTx, settleAll, writeClinic } from '../database/clinic-tx.ts'
import { describe } from '../http/error-response.ts'
import { admitStationIn, readStation } from '../identity/require-station.ts'
import type { ServerDeps, StationCredential } from '../server-deps.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { patientsIn, sendSharing } from '../sharing/sharing-jobs.ts'
import { type Arrival, readArrivals } from './arrival.ts'
import { clampCommand, clampOwn, type Clamps, stampsIn } from './clamp.ts'
import { closeFeed, writeDocuments } from './feed.ts'
import type { FeedOffers } from './feed-offers.ts'
import { judgePush } from './judge-push.ts'
import { type JudgedCommand, refusalText } from './judged-command.ts'
import { loadWorkingSet } from './load-working-set.ts'
import { type MoveKey, readMoves } from './move-keys.ts'
import type { ReadPush } from './push-body.ts'
import { recordCommands } from './record-commands.ts'
import { sendRetry, waitsByItself } from './retry-due.ts'
import { changeLetterOfCopy } from './second-copy.ts'
import { readSenders, type Sender } from './senders.ts'
import { setAside } from './set-aside.ts'
import {
  changedDocuments,
  documentIn,
  keyOf,
  settingsIn,
  standingChanged,
  type WorkingSet,
} from './working-set.ts'

interface PushDeps extends Pick<ServerDeps, 'pool' | 'now' | 'log'> {
  jobs: JobSender
  offers: Pick<FeedOffers, 'make'>
  /** What will be answered if all is written: to be got ready meanwhile, and sent by nobody before. */
  foresee: (answers: readonly string[]) => void
}

const ATTEMPTS = 3

/**
 * Takes a station's commands in: all in one transaction, each judged by itself.
 *
 * @returns the JSON text of a CommandResult for each command, in order
 * @throws AppError UNAUTHENTICATED or STATION_REVOKED; RESEED if the server was set back since the station
 *   last pulled: it may lack what these stand on, and is first to be sent that again; INVALID if a
 *   command is too broken to be answered for itself
 */
export async function pushCommands(
  deps: PushDeps,
  station: StationCredential,
  { commands, epoch, isSealed }: Pick<ReadPush, 'commands' | 'epoch' | 'isSealed'>,
): Promise<string[]> {
  const answers: string[] = []
  // In order, for one may build on another; each run in a transaction of its own.
  for (const sent of await readSenders(deps, station, { commands, epoch })) {
    // What it brings of the one it was before, another key has signed.
    const isOwn = sent.sender.stationId === sent.sender.broughtBy
    const arrivals = await readArrivals(sent.commands, sent.sender, isOwn && isSealed)
    answers.push(...(await takeSent(deps, sent.sender, arrivals)))
  }
  return answers
}

async function takeSent(
  deps: PushDeps,
  sender: Sender,
  arrivals: readonly Arrival[],
): Promise<string[]> {
  try {
    return await takeTogether(deps, sender, arrivals)
  } catch (error) {
    if (!isOfOneCommand(error)) throw error
    deps.log.error({ stationId: sender.stationId, ...describe(error) }, 'push taken apart')
    return takeApart(deps, sender, arrivals)
  }
}

/** One command that cannot be written must not take the rest of the push with it. */
async function takeApart(
  deps: PushDeps,
  sender: Sender,
  arrivals: readonly Arrival[],
): Promise<string[]> {
  const answers: string[] = []
  for (const arrival of arrivals) {
    try {
      answers.push(...(await takeTogether(deps, sender, [arrival])))
    } catch (error) {
      if (!isOfOneCommand(error)) throw error
      const { commandId } = arrival.kind === 'REFUSED' ? arrival : arrival.command
      deps.log.error({ commandId, ...describe(error) }, 'command not taken')
      const options = { isFinal: isRefusedData(error), now: deps.now() }
      answers.push(
        await writeClinic(deps.pool, sender.clinicId, async (tx) => {
          await admitStationIn(tx, sender.broughtBy)
          return setAside(tx, arrival, options)
        }),
      )
    }
  }
  return answers
}

async function takeTogether(
  deps: PushDeps,
  sender: Sender,
  arrivals: readonly Arrival[],
): Promise<string[]> {
  if (arrivals.every((each) => each.kind === 'REFUSED' && each.touches.length === 0)) {
    await readStation(deps, sender.clinicId, sender.broughtBy)
    return arrivals.map((each) =>
      each.kind === 'REFUSED' ? refusalText(each, [], () => null) : '',
    )
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeClinic(deps.pool, sender.clinicId, (tx) =>
        takeInto(tx, sender, arrivals, deps),
      )
    } catch (error) {
      if (attempt === ATTEMPTS || !isTransient(error)) throw error
    }
  }
}

async function takeInto(
  tx: ClinicTx,
  sender: Sender,
  arrivals: readonly Arrival[],
  deps: Pick<PushDeps, 'now' | 'offers' | 'jobs' | 'foresee'>,
): Promise<string[]> {
  const now = deps.now()
  const { stationId } = sender
  const commands = arrivals.flatMap((each) => (each.kind === 'COMMAND' ? each.command : []))
  const touches = arrivals.flatMap((each) => (each.kind === 'REFUSED' ? each.touches : []))
  const stamps = [
    ...new Set(arrivals.flatMap((each) => (each.kind === 'COMMAND' ? stampsIn(each.text) : []))),
  ]
  const { set, clamps, copy } = await loadWorkingSet(tx, sender, {
    commands,
    touches,
    stamps,
    now,
  })
  if (sender.epoch !== null && sender.epoch !== set.feed.epoch) throw new AppError('RESEED')
  const lettersBefore = set.letters.given
  const headBefore = set.feed.head
  const storedBefore = new Set(set.answered.keys())
  const unknown = stamps.filter((stamp) => !clamps.known.has(stamp))
  const clamped = clampOwn(unknown, { node: nodeOfStation(stationId), floor: clamps.floor, now })
  const isClamped = clamped.size > 0 || clamps.floor !== null
  const all = new Map<string, string>([...clamps.known, ...clamped])
  const rewritten = isClamped
    ? clampArrivals(set, arrivals, {
        clamps: all,
        moveKey: await readMoves(tx, stationId, commands, { clamps: all, now }),
      })
    : arrivals
  const ofCopy = copy === null ? null : changeLetterOfCopy(set, copy, now)
  const { answers, judged } = judgePush(set, rewritten, now)
  if (set.letters.given !== lettersBefore) await recordLetters(tx, set, lettersBefore)
  if (judged.some(waitsByItself)) await sendRetry(tx, deps.jobs, { stationId })
  const changed = changedDocuments(set)
  if (set.feed.shares && changed.length > 0) {
    await sendSharing(tx, deps.jobs, patientsIn(standingChanged(set)))
  }
  const documents = writeDocuments(tx, changed, ({ collection, id }) =>
    set.absent.has(keyOf(collection, id)),
  )
  // On its way before the chain is hashed: PostgreSQL is at work meanwhile.
  await Promise.race([documents, Promise.resolve()])
  const facts = [...(ofCopy === null ? [] : [ofCopy]), ...judged.flatMap(factOf)]
  const audit = chainAudit(tx.clinicId, set.feed, facts, now)
  const offer = deps.offers.make(set, headBefore, changed, now)
  const written = settleAll([
    documents,
    recordClamps(tx, stationId, clamped),
    recordCommands(tx, judged, storedBefore),
    writeAudit(tx, audit),
    changed.length > 0
      ? closeFeed(tx, set.feed, offer === null ? {} : { offer })
      : Promise.resolve(),
    tx.commit(),
  ])
  // All is on its way.
  queueMicrotask(() => deps.foresee(answers))
  await written
  return answers
}

function clampArrivals(
  set: WorkingSet,
  arrivals: readonly Arrival[],
  { clamps, moveKey }: { clamps: Clamps; moveKey: MoveKey },
): Arrival[] {
  const settings = settingsIn(set)
  const checkedIn = new Map<string, CalendarDate>()
  return arrivals.map((arrival) => {
    if (arrival.kind === 'REFUSED') return arrival
    const command = clampCommand(arrival, clamps, moveKey, {
      settings,
      dayOfVisit: (id) => checkedIn.get(id) ?? documentIn(set, 'visits', id)?.queueDay,
    })
    for (const { collection, next } of command.writes) {
      if (collection === 'visits') checkedIn.set(next.id, next.queueDay)
    }
    return {
      ...arrival,
      command,
      clampedFrom: clamps.has(arrival.command.at) ? arrival.command.at : null,
    }
  })
}

async function recordClamps(
  tx: ClinicTx,
  stationId: StationId,
  clamped: ReadonlyMap<Stamp, Stamp>,
): Promise<void> {
  if (clamped.size === 0) return
  await tx.query(
    `INSERT INTO station_clamps (clinic_id, station_id, original, clamped)
     SELECT $1, $2, r.original, r.clamped
     FROM unnest($3::text[], $4::text[]) AS r (original, clamped)`,
    [tx.clinicId, stationId, [...clamped.keys()], [...clamped.values()]],
  )
}

/** @throws AppError UNAVAILABLE if an enrolment took the letter meanwhile: the push is judged anew */
export async function recordLetters(
  tx: ClinicTx,
  set: WorkingSet,
  before: number | null,
): Promise<void> {
  const { own, given } = set.letters
  const [{ rowCount }] = await Promise.all([
    tx.query('UPDATE clinics SET letters_given = $2 WHERE clinic_id = $1 AND letters_given = $3', [
      tx.clinicId,
      given,
      before,
    ]),
    tx.query('UPDATE stations SET letter = $3 WHERE clinic_id = $1 AND station_id = $2', [
      tx.clinicId,
      set.stationId,
      own,
    ]),
  ])
  if (rowCount === 0) throw new AppError('UNAVAILABLE')
}

export function factOf({ command, verdict, admittedBy, changed }: JudgedCommand): AuditFact[] {
  if (verdict !== 'ACCEPTED') return []
  const { commandId, stationId, by, name, at } = command
  const documents = changed.map(({ before, after, asMade }) => ({
    collection: after.collection,
    id: after.doc.id,
    before: before?.doc ?? null,
    after: after.doc,
    ...(asMade === undefined ? {} : { asMade }),
    afterText: after.text,
  }))
  return [{ commandId, stationId, authorId: by, name, at, admittedBy, documents }]
}

/** Another transaction was in the way; the same push may well succeed now. */
function isTransient(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'UNAVAILABLE'
  return error instanceof pg.DatabaseError && /^40(?:001|P01)$/.test(error.code ?? '')
}

/** What one command brought about by itself: its data, or a fault of ours that it runs into. */
function isOfOneCommand(error: unknown): error is Error {
  if (error instanceof pg.DatabaseError) return isRefusedData(error)
  return error instanceof z.ZodError || error instanceof TypeError || error instanceof RangeError
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation). */
function isRefusedData(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '')
}

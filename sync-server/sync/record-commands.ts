import { binaryArray, listArray, plainArray } from '../database/array-text.ts'
import { type ClinicTx, settleAll } from '../database/clinic-tx.ts'
import { type JudgedCommand, touchesOf } from './judged-command.ts'

const INSERT_COMMANDS = `
  INSERT INTO commands (clinic_id, command_id, station_id, station_seq, name, author_id, at,
    seen, verdict, code, response, touches, payload, admitted_by)
  SELECT $1, r.id, r.station, r.seq, r.name, r.author, r.at, r.seen, r.verdict, r.code,
    r.response, r.touches::text[], r.payload, r.admitted
  FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::text[], $8::bigint[],
      $9::text[], $10::text[], $11::json[], $12::text[], $13::text[], $14::uuid[])
    AS r (id, station, seq, name, author, at, seen, verdict, code, response, touches, payload,
      admitted)`

const REPLACE_COMMANDS = `${INSERT_COMMANDS}
  ON CONFLICT (clinic_id, command_id) DO UPDATE SET seen = excluded.seen,
    verdict = excluded.verdict, code = excluded.code, response = excluded.response,
    payload = excluded.payload, admitted_by = excluded.admitted_by
  WHERE commands.verdict = 'HELD' AND commands.station_id = excluded.station_id`

/**
 * Stores what was answered to each command, in the transaction of its documents, which it names and
 * does not copy: given again, it carries what stands then. A HELD one is
 * stored with its text and is not final: tried again, it is judged anew and this row replaced. No
 * other row ever is.
 *
 * @param known ids of commands that were stored when the feed was locked
 */
export async function recordCommands(
  tx: ClinicTx,
  judged: readonly JudgedCommand[],
  known: ReadonlySet<string>,
): Promise<void> {
  // The last word on each: one held may be let in later in the same push.
  const last = new Map(judged.map((each) => [each.command.commandId, each]))
  const { fresh = [], held = [] } = Object.groupBy(last.values(), ({ command }) =>
    known.has(command.commandId) ? 'held' : 'fresh',
  )
  await settleAll([
    sendCommands(tx, REPLACE_COMMANDS, held),
    sendCommands(tx, INSERT_COMMANDS, fresh),
  ])
}

async function sendCommands(
  tx: ClinicTx,
  sql: string,
  rows: readonly JudgedCommand[],
): Promise<void> {
  if (rows.length === 0) return
  const commands = rows.map(({ command }) => command)
  await tx.query(sql, [
    tx.clinicId,
    plainArray(commands.map(({ commandId }) => commandId)),
    plainArray(commands.map(({ stationId }) => stationId)),
    plainArray(commands.map(({ seq }) => seq)),
    plainArray(commands.map(({ name }) => name)),
    plainArray(commands.map(({ by }) => by)),
    plainArray(commands.map(({ at }) => at)),
    plainArray(rows.map(({ seen }) => seen)),
    plainArray(rows.map(({ verdict }) => verdict)),
    plainArray(rows.map(({ code }) => code)),
    binaryArray(
      'JSON',
      rows.map(({ stored }) => stored),
    ),
    // For what waits behind a HELD one; what the others wrote, the audit names.
    listArray(rows.map(({ verdict, command }) => (verdict === 'HELD' ? touchesOf(command) : []))),
    binaryArray(
      'TEXT',
      rows.map(({ verdict, command }) => (verdict === 'HELD' ? JSON.stringify(command) : null)),
    ),
    plainArray(rows.map(({ admittedBy }) => admittedBy)),
  ])
}

import type { ClinicTx } from '../database/clinic-tx.ts'
import { type JudgedCommand, touchesOf } from './judged-command.ts'

/**
 * Stores what was answered to each command, in the transaction of its documents, which it names and
 * does not copy: given again, it carries what stands then. A HELD one is
 * stored with its text and is not final: tried again, it is judged anew and this row replaced. No
 * other row ever is.
 */
export async function recordCommands(
  tx: ClinicTx,
  judged: readonly JudgedCommand[],
): Promise<void> {
  // The last word on each: one held may be let in later in the same push.
  const last = new Map(judged.map((each) => [each.command.commandId, each]))
  if (last.size === 0) return
  const rows = [...last.values()].map(printRow)
  await tx.query(
    `INSERT INTO commands (clinic_id, command_id, station_id, station_seq, name, author_id, at,
       seen, verdict, code, response, touches, payload, admitted_by)
     SELECT $1, r.id, r.station, r.seq, r.name, r.author, r.at, r.seen, r.verdict, r.code,
       r.response, r.touches, r.payload, r.admitted
     FROM json_to_recordset($2::json) AS r (id uuid, station uuid, seq bigint, name text,
       author uuid, at text, seen bigint, verdict text, code text, response json, touches text[],
       payload text, admitted uuid)
     ON CONFLICT (clinic_id, command_id) DO UPDATE SET seen = excluded.seen,
       verdict = excluded.verdict, code = excluded.code, response = excluded.response,
       payload = excluded.payload, admitted_by = excluded.admitted_by
     WHERE commands.verdict = 'HELD' AND commands.station_id = excluded.station_id`,
    [tx.clinicId, `[${rows.join(',')}]`],
  )
}

function printRow({ command, verdict, code, seen, admittedBy, stored }: JudgedCommand): string {
  const row = JSON.stringify({
    id: command.commandId,
    station: command.stationId,
    seq: command.seq,
    name: command.name,
    author: command.by,
    at: command.at,
    seen,
    verdict,
    code,
    touches: touchesOf(command),
    payload: verdict === 'HELD' ? JSON.stringify(command) : null,
    admitted: admittedBy,
  })
  return `${row.slice(0, -1)},"response":${stored}}`
}

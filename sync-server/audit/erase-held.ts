import { ClinicDoc } from '#shared/clinic.ts'
import type { CommandId, PatientId } from '#shared/ids.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { writeClinicDocuments } from '../sync/feed.ts'
import { refusalText } from '../sync/judged-command.ts'
import { decidedDocument } from '../sync/quarantine.ts'

/**
 * Refuses what waits about one patient: the server keeps its text until it is settled, and shows an ADMIN
 * what was entered. A list of many waits on: to refuse it would lose the others.
 *
 * @param now milliseconds
 * @returns how many were refused
 */
export async function refuseHeld(tx: ClinicTx, id: PatientId, now: number): Promise<number> {
  const { rows: held } = await tx.query<{ commandId: CommandId; touches: string[] }>(
    `SELECT command_id AS "commandId", touches FROM commands
     WHERE clinic_id = $1 AND verdict = 'HELD' AND name <> 'importPatients'
       AND strpos(payload, $2) > 0`,
    [tx.clinicId, id],
  )
  for (const { commandId, touches } of held) {
    const refused = { commandId, code: 'NOT_FOUND', details: {} } as const
    // What stands is told when it is asked for.
    const response = refusalText(refused, touches, () => null)
    await tx.query(
      `UPDATE commands SET verdict = 'REJECTED', code = 'NOT_FOUND', response = $3, payload = NULL
       WHERE clinic_id = $1 AND command_id = $2`,
      [tx.clinicId, commandId, response],
    )
  }
  const { rows: shown } = await tx.query<{ doc: unknown }>(
    `SELECT doc FROM documents WHERE clinic_id = $1 AND collection = 'clinic'
       AND id = ANY (SELECT 'quarantined:' || c FROM unnest($2::text[]) AS h (c))`,
    [tx.clinicId, held.map(({ commandId }) => commandId)],
  )
  const decided = shown.flatMap(
    ({ doc }) => decidedDocument(ClinicDoc.parse(doc), 'REJECTED') ?? [],
  )
  if (decided.length > 0) await writeClinicDocuments(tx, decided, now)
  return held.length
}

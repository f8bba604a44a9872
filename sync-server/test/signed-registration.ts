import { randomUUID } from 'node:crypto'
import { Command } from '#shared/commands.ts'
import type { UserId } from '#shared/ids.ts'
import { formatStamp, nodeOfStation } from '#shared/stamp.ts'
import type { TestStation } from './test-server.ts'

/** The first command of a station: a patient registered, and signed by the station's key. */
export function signedRegistration(
  { clinicId, stationId, key }: TestStation,
  by: UserId,
  now: number,
): { payload: string; signature: string } {
  const at = formatStamp(now, 0, nodeOfStation(stationId))
  const id = randomUUID()
  const next = {
    id,
    clinicId,
    name: 'Strange Patient',
    phones: ['+201001234567'],
    nationalId: null,
    birthDate: null,
    sex: null,
    fileNumber: null,
    address: null,
    note: null,
    possibleDuplicateOf: null,
    allergies: [],
    conditions: [],
    created: { at, by, stationId },
    marks: {},
    superseded: [],
    settled: [],
  }
  const command = Command.parse({
    commandId: randomUUID(),
    stationId,
    seq: 1,
    name: 'registerPatient',
    by,
    at,
    seen: 0,
    writes: [{ collection: 'patients', id, base: null, next }],
    decision: null,
  })
  const payload = JSON.stringify(command)
  return { payload, signature: key.sign(payload) }
}

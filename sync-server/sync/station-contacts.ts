import { z } from 'zod'
import type { StationId } from '#shared/ids.ts'
import { StationContact } from '#shared/protocol.ts'

/** A station as its row has it; whether its stream is open is known to the presence alone. */
const Contact = StationContact.omit({ live: true })

/** A JSON array of the clinic's stations, for `$1` the clinic. */
export const CONTACTS = `(
  SELECT coalesce(json_agg(json_build_object(
    'stationId', station_id, 'name', name, 'lastContact',
    to_char(last_contact AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    ORDER BY enrolled_at, station_id), '[]')
  FROM stations WHERE clinic_id = $1 AND revoked_at IS NULL)`

export function readContacts(
  value: unknown,
  isLive: (stationId: StationId) => boolean,
): StationContact[] {
  return z
    .array(Contact)
    .parse(value)
    .map((contact) => ({ ...contact, live: isLive(contact.stationId) }))
}

import { z } from 'zod'
import { ClinicId, StationId } from '#shared/ids.ts'

/** The one channel of PostgreSQL's LISTEN/NOTIFY that wakes every server instance. */
export const NEWS_CHANNEL = 'dawr_clinics'

/** Something happened in a clinic. A hint: who hears it looks for itself. */
export const ClinicNews = z.object({
  clinicId: ClinicId,
  /** Its last feed number. */
  head: z.number(),
  /** Stations whose streams must end. */
  revoked: z.array(StationId).optional(),
  /** Names what was written, at the instance that keeps it (see feed-offers.ts). */
  offer: z.string().optional(),
})
export type ClinicNews = z.infer<typeof ClinicNews>

/** Null: not of this form. An instance of another version says things that this one does not know. */
export function readNotification<T>(schema: z.ZodType<T>, payload: string): T | null {
  try {
    return schema.safeParse(JSON.parse(payload)).data ?? null
  } catch {
    return null
  }
}

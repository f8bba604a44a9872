import { z } from 'zod'

/** Instants here are UTC ISO 8601; the window shows them in the clinic's time zone and digits. */
export const Instant = z.string()

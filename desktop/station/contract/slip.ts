import { z } from 'zod'
import { Money } from '#shared/money.ts'

/** All that the 80 mm ticket slip says. */
export const Slip = z.object({
  clinicName: z.string(),
  ticket: z.string(),
  patientName: z.string(),
  doctorName: z.string(),
  room: z.string(),
  /** Patients before this one in the line, when it was printed. */
  before: z.number(),
  /** Between when and when their turn comes, about; instants. Null: they are next. */
  turn: z.object({ from: z.string(), to: z.string() }).nullable(),
  printedAt: z.string(),
  queueDay: z.string(),
  paid: Money.nullable(),
  receipt: z.string().nullable(),
})
export type Slip = z.infer<typeof Slip>

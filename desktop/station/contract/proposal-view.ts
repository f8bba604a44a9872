import { z } from 'zod'
import { UserId, VisitId } from '#shared/ids.ts'
import { Money } from '#shared/money.ts'
import { VisitStatus } from '#shared/roles.ts'
import { VisitType } from '#shared/visit.ts'
import { Instant } from './instant.ts'

/** What check-in proposes, so that Enter, Enter, Enter is right most of the time. */
export const ProposalView = z.object({
  doctorId: UserId.nullable(),
  visitType: VisitType,
  /** Why a follow-up is proposed: days since the examination. */
  daysSinceExamination: z.number().nullable(),
  doctors: z.array(
    z.object({
      doctorId: UserId,
      name: z.string(),
      room: z.string(),
      waiting: z.number(),
      /** Between when and when the turn of who is checked in now would come, about. */
      turn: z.object({ from: Instant, to: Instant }),
      prices: z.array(z.object({ visitType: VisitType, amount: Money })),
    }),
  ),
  courtesyEnabled: z.boolean(),
  /** Visits of this patient today, if any: checked in already. */
  today: z.array(
    z.object({ visitId: VisitId, ticket: z.string(), doctorName: z.string(), status: VisitStatus }),
  ),
})
export type ProposalView = z.infer<typeof ProposalView>

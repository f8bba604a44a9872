import { z } from 'zod'
import { EnteredName, ReasonCode } from '#shared/entered.ts'
import { PaymentMethod } from '#shared/entry.ts'
import { Money } from '#shared/money.ts'
import { BirthDate, Sex } from '#shared/patient.ts'
import { VisitStatus } from '#shared/roles.ts'
import { Priority, VisitType } from '#shared/visit.ts'

const field = EnteredName

/** `kind` says how a window shows `value`. Null: a person had emptied the field. Names are resolved. */
export const EnteredField = z.discriminatedUnion('kind', [
  z.object({ field, kind: z.literal('TEXT'), value: z.string().nullable() }),
  /** Letters and Latin digits that are read one by one: a ticket, an identity number. */
  z.object({ field, kind: z.literal('DIGITS'), value: z.string().nullable() }),
  z.object({ field, kind: z.literal('DATE'), value: BirthDate.nullable() }),
  z.object({ field, kind: z.literal('SEX'), value: Sex.nullable() }),
  z.object({ field, kind: z.literal('PHONES'), value: z.array(z.string()) }),
  z.object({ field, kind: z.literal('PATIENT'), value: z.array(z.string()) }),
  z.object({ field, kind: z.literal('VISIT_TYPE'), value: VisitType }),
  z.object({ field, kind: z.literal('PRIORITY'), value: Priority }),
  z.object({ field, kind: z.literal('STATUS'), value: VisitStatus }),
  z.object({ field, kind: z.literal('METHOD'), value: PaymentMethod }),
  z.object({ field, kind: z.literal('REASON'), value: ReasonCode }),
  /** `value` is `125.50 EGP`; `money` for a window that writes it its own way. */
  z.object({ field, kind: z.literal('MONEY'), value: z.string(), money: Money }),
])
export type EnteredField = z.infer<typeof EnteredField>

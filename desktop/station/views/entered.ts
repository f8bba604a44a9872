import type { Entered } from '#shared/entered.ts'
import { currencyDecimals, type Money } from '#shared/money.ts'
import { ticketText } from '../commands/ticket-text.ts'
import type { EnteredField } from '../contract/entered-field.ts'
import type { ReplicaReader } from '../replica/replica.ts'
import { nameOf } from './names.ts'

/** What a person had entered, with doctors by name and visits by ticket, for a window to word. */
export function enteredFields(entered: readonly Entered[], read: ReplicaReader): EnteredField[] {
  return entered.flatMap((one): EnteredField[] => {
    const { field } = one
    if (one.kind === 'DOCTOR') {
      const doctor = read.doctors().find((line) => line.doctorId === one.value)
      return [{ field, kind: 'TEXT', value: doctor?.name ?? nameOf(read, one.value) }]
    }
    if (one.kind === 'VISIT') {
      const visit = read.visit(one.value)
      if (visit === null) return []
      return [{ field, kind: 'DIGITS', value: ticketText(read, visit.ticket) }]
    }
    if (one.kind === 'MONEY') {
      return [{ field, kind: 'MONEY', value: plainAmount(one.value), money: one.value }]
    }
    return [one]
  })
}

/** `150.00 EGP`: in Latin digits, for a window to localise. */
export function plainAmount({ minor, currency }: Money): string {
  const decimals = currencyDecimals(currency)
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency}`
}

import type { z } from 'zod'
import { Doctor, Price } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed } from '../sync/feed.ts'
import { type Act, readClinicBody, recordAct } from './admin-act.ts'
import { readSettings } from './settings.ts'

/** A price as it is set; the same doctor and type again replaces it. */
export const PriceChange = Price.omit({ kind: true }).extend({
  amount: Price.shape.amount.refine(({ minor }) => minor >= 0),
})
export type PriceChange = z.infer<typeof PriceChange>

/**
 * Sets what a kind of visit costs, at one doctor or at all who have no price of their own. What was
 * checked in before keeps the price that it was told.
 *
 * @throws AppError INVALID: not in the clinic's currency; NOT_FOUND: no doctor of this clinic
 */
export async function setPrice(tx: ClinicTx, change: PriceChange, act: Act): Promise<Price> {
  await lockFeed(tx)
  const { currency } = await readSettings(tx)
  if (change.amount.currency !== currency) {
    throw new AppError('INVALID', { issues: ['amount'] })
  }
  const { doctorId, visitType } = change
  if (doctorId !== null && (await readClinicBody(tx, `doctor:${doctorId}`, Doctor)) === null) {
    throw new AppError('NOT_FOUND')
  }
  const id = priceId(change)
  const after: Price = { kind: 'PRICE', doctorId, visitType, amount: change.amount }
  await recordAct(tx, act, { id, before: await readClinicBody(tx, id, Price), after })
  return after
}

export function priceId({ doctorId, visitType }: Pick<Price, 'doctorId' | 'visitType'>): string {
  return `price:${doctorId ?? 'all'}:${visitType}`
}

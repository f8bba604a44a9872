import { z } from 'zod'

export const Currency = z.enum([
  'EGP',
  'SAR',
  'AED',
  'JOD',
  'KWD',
  'QAR',
  'BHD',
  'OMR',
  'MAD',
  'TND',
])
export type Currency = z.infer<typeof Currency>

/** Money in integer minor units (piastres, halalas, fils) with its ISO 4217 currency. */
export const Money = z.strictObject({
  minor: z.int().min(-9_000_000_000_000).max(9_000_000_000_000),
  currency: Currency,
})
export type Money = z.infer<typeof Money>

const DECIMALS: Partial<Record<Currency, number>> = { JOD: 3, KWD: 3, BHD: 3, OMR: 3, TND: 3 }

/** Minor units in one major unit of the currency, as a power of ten (ISO 4217 exponents). */
export function currencyDecimals(currency: Currency): number {
  return DECIMALS[currency] ?? 2
}

/** One country's numbering as far as a front desk needs it: national numbers without the trunk 0. */
interface PhonePlan {
  readonly callingCode: string
  /** Written before the national number at home; empty where numbers are dialled as they are. */
  readonly trunk: '0' | ''
  readonly mobile: RegExp
  readonly landline: RegExp
}

/**
 * Egypt and its neighbours, as commonly dialled; not checked against the plans filed with ITU-T (E.164). Landline
 * patterns check the length and the first digit, not each area code.
 */
export const PHONE_PLANS = {
  EG: plan('20', '0', /^1[0125]\d{8}$/, /^(2\d{8}|3\d{7}|1[35]\d{7}|[4-9]\d{8})$/),
  SA: plan('966', '0', /^5\d{8}$/, /^1[1-7]\d{7}$/),
  AE: plan('971', '0', /^5[024568]\d{7}$/, /^[2-4679]\d{7}$/),
  KW: plan('965', '', /^[4569]\d{7}$/, /^2\d{7}$/),
  QA: plan('974', '', /^[3567]\d{7}$/, /^4\d{7}$/),
  BH: plan('973', '', /^[36]\d{7}$/, /^1\d{7}$/),
  OM: plan('968', '', /^[79]\d{7}$/, /^2\d{7}$/),
  JO: plan('962', '0', /^7[789]\d{7}$/, /^[2356]\d{7}$/),
  PS: plan('970', '0', /^5[69]\d{7}$/, /^[2489]\d{7}$/),
  LB: plan('961', '0', /^(3\d{6}|7[01689]\d{6}|81\d{6})$/, /^[14-9]\d{6}$/),
  SY: plan('963', '0', /^9\d{8}$/, /^[1-5]\d{6,8}$/),
  IQ: plan('964', '0', /^7\d{9}$/, /^[1-6]\d{7,8}$/),
  YE: plan('967', '0', /^7\d{8}$/, /^[1-7]\d{6,7}$/),
  LY: plan('218', '0', /^9[1-6]\d{7}$/, /^[2-8]\d{7,8}$/),
  SD: plan('249', '0', /^(9\d{8}|1[0-2]\d{7})$/, /^1[3-9]\d{7}$/),
  TN: plan('216', '', /^[2459]\d{7}$/, /^[37]\d{7}$/),
  DZ: plan('213', '0', /^[567]\d{8}$/, /^[2-4]\d{7}$/),
  MA: plan('212', '0', /^[67]\d{8}$/, /^5\d{8}$/),
} satisfies Record<string, PhonePlan>

export type PhoneCountry = keyof typeof PHONE_PLANS

function plan(callingCode: string, trunk: '0' | '', mobile: RegExp, landline: RegExp): PhonePlan {
  return { callingCode, trunk, mobile, landline }
}

function isPhoneCountry(code: string): code is PhoneCountry {
  return Object.hasOwn(PHONE_PLANS, code)
}

const CALLING_CODES = Object.entries(PHONE_PLANS).flatMap(([country, { callingCode }]) =>
  isPhoneCountry(country) ? [{ country, callingCode }] : [],
)

/** The country of an international number, from its digits after + or 00; null when not ours. */
export function countryOfDigits(digits: string): PhoneCountry | null {
  return CALLING_CODES.find(({ callingCode }) => digits.startsWith(callingCode))?.country ?? null
}

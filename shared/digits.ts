const ARABIC_INDIC_ZERO = 0x0660
const EXTENDED_ARABIC_INDIC_ZERO = 0x06f0

/**
 * Replaces the digits an Arabic keyboard writes (٠-٩, and the Persian and Urdu ۰-۹) by 0-9; all
 * else stays. Phone numbers, file numbers and dates are kept and compared in this form.
 */
export function toLatinDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => {
    const code = digit.charCodeAt(0)
    const isExtended = code >= EXTENDED_ARABIC_INDIC_ZERO
    return String(code - (isExtended ? EXTENDED_ARABIC_INDIC_ZERO : ARABIC_INDIC_ZERO))
  })
}

/** Replaces 0-9 and ۰-۹ by ٠-٩, for a clinic that reads its numbers so; all else stays. */
export function toArabicIndicDigits(text: string): string {
  return toLatinDigits(text).replace(/[0-9]/g, (digit) =>
    String.fromCharCode(ARABIC_INDIC_ZERO + Number(digit)),
  )
}

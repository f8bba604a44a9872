import type { KeystoreRefusal } from './profile-key.ts'

export type Trouble = KeystoreRefusal | 'STATION_CRASHES'

/**
 * What the shell says itself, before a window could: why the data cannot be opened. Never a name or
 * a path; each text ends with what to do.
 */
const ENGLISH: Record<Trouble, string> = {
  KEYSTORE_UNAVAILABLE:
    'This computer cannot keep the key of your data safe. Sign in to your own Windows account and start again.',
  KEYSTORE_UNPROTECTED:
    'This computer has no protected keyring, so patient data would be readable on a stolen disk. Set up a keyring and start again.',
  STATION_CRASHES:
    'The data process stops again and again. What you confirmed is kept. Restart the computer; if it goes on, call support.',
}

const ARABIC: Record<Trouble, string> = {
  KEYSTORE_UNAVAILABLE:
    'لا يستطيع هذا الجهاز حفظ مفتاح بياناتك بأمان. سجّل الدخول بحسابك على ويندوز ثم شغّل البرنامج من جديد.',
  KEYSTORE_UNPROTECTED:
    'لا توجد على هذا الجهاز حافظة مفاتيح محمية، فتكون بيانات المرضى مقروءة إذا سُرق القرص. جهّز حافظة مفاتيح ثم شغّل البرنامج من جديد.',
  STATION_CRASHES:
    'تتوقف عملية البيانات مرة بعد مرة. كل ما أكّدته محفوظ. أعد تشغيل الجهاز، فإن استمر الأمر فاتصل بالدعم.',
}

/** @param locale the system's, such as `ar-EG` */
export function troubleText(trouble: Trouble, locale: string): string {
  return (locale.toLowerCase().startsWith('ar') ? ARABIC : ENGLISH)[trouble]
}

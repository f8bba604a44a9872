import type { ProfileKey } from './profile-key.ts'

export type Trouble = Extract<ProfileKey, { ok: false }>['code'] | 'STATION_CRASHES'

/**
 * What the shell says itself, before a window could: why the data cannot be opened. Never a name or
 * a path; each text ends with what to do.
 */
const ENGLISH: Record<Trouble, string> = {
  KEYSTORE_UNAVAILABLE:
    'This computer cannot keep the key of your data safe. Sign in to your own Windows account and start again.',
  KEYSTORE_UNPROTECTED:
    'This computer has no protected keyring, so patient data would be readable on a stolen disk. Set up a keyring and start again.',
  KEY_MISSING:
    'The data is here but its key is not, as after restoring only a part of a backup. Nothing was changed. Restore the whole folder, or use your recovery key.',
  KEY_UNREADABLE:
    'Windows no longer opens the key of your data, as after a password reset. Nothing was changed. You need your recovery key.',
  STATION_CRASHES:
    'The data process stops again and again. What you confirmed is kept. Restart the computer; if it goes on, call support.',
}

const ARABIC: Record<Trouble, string> = {
  KEYSTORE_UNAVAILABLE:
    'لا يستطيع هذا الجهاز حفظ مفتاح بياناتك بأمان. سجّل الدخول بحسابك على ويندوز ثم شغّل البرنامج من جديد.',
  KEYSTORE_UNPROTECTED:
    'لا توجد على هذا الجهاز حافظة مفاتيح محمية، فتكون بيانات المرضى مقروءة إذا سُرق القرص. جهّز حافظة مفاتيح ثم شغّل البرنامج من جديد.',
  KEY_MISSING:
    'البيانات موجودة لكن مفتاحها غير موجود، كما يحدث عند استعادة جزء من نسخة احتياطية. لم يتغير شيء. استعد المجلد كاملًا أو استخدم مفتاح الاسترداد.',
  KEY_UNREADABLE:
    'لم يعد ويندوز يفتح مفتاح بياناتك، كما يحدث بعد إعادة تعيين كلمة المرور. لم يتغير شيء. تحتاج إلى مفتاح الاسترداد.',
  STATION_CRASHES:
    'تتوقف عملية البيانات مرة بعد مرة. كل ما أكّدته محفوظ. أعد تشغيل الجهاز، فإن استمر الأمر فاتصل بالدعم.',
}

/** @param locale the system's, such as `ar-EG` */
export function troubleText(trouble: Trouble, locale: string): string {
  return (locale.toLowerCase().startsWith('ar') ? ARABIC : ENGLISH)[trouble]
}

import i18next from 'i18next'
import { toLatinDigits } from '#shared/digits.ts'
import { ar } from '#shared/texts/ar.ts'
import { en } from '#shared/texts/en.ts'
import type { TextKey } from '#shared/texts/text-key.ts'
import type { Formats, Language } from './formats.ts'

export type TextValues = Record<string, string | number>
/** The text of a key in the present language, with its values put in. `count` chooses the plural. */
export type Text = (key: TextKey, values?: TextValues) => string

const FIRST_STRONG_ISOLATE = '\u2068'
const POP_DIRECTIONAL_ISOLATE = '\u2069'

const catalogue = i18next.createInstance()
void catalogue.init({
  lng: 'ar',
  fallbackLng: false,
  resources: { ar: { translation: ar }, en: { translation: en } },
  // Keys are flat: `error.OFFLINE` is one key, and a text may hold a colon.
  keySeparator: false,
  nsSeparator: false,
  // React escapes, and the slip escapes for itself.
  interpolation: { escapeValue: false },
  initAsync: false,
})

/** A run whose direction is its own: a name or a ticket inside a sentence of the other script. */
export function isolate(run: string): string {
  return FIRST_STRONG_ISOLATE + run + POP_DIRECTIONAL_ISOLATE
}

/** Values that are text are isolated, numbers are written in the clinic's digits; `{{n}}` is `count`. */
export function makeText(language: Language, formats: Formats): Text {
  const translate = catalogue.getFixedT(language)
  return (key, values = {}) => {
    const written = Object.entries(values).map(([name, value]): [string, string] => [
      name === 'count' ? 'n' : name,
      typeof value === 'number' ? formats.number(value) : isolate(value),
    ])
    const count = values['count']
    const found: unknown = translate(key, {
      ...Object.fromEntries(written),
      ...(typeof count === 'number' ? { count } : {}),
    })
    const text = typeof found === 'string' ? found : key
    // Arabic texts are written with ٠-٩; a clinic that reads 0-9 reads them everywhere.
    return formats.place.digits === 'LATIN' ? toLatinDigits(text) : text
  }
}

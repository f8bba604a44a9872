import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { useDirection } from '@mantine/core'
import { directionOf, makeFormats, type Formats, type Language, type Place } from './formats.ts'
import { makeText, type Text } from './texts.ts'

interface Locale {
  language: Language
  setLanguage: (language: Language) => void
  text: Text
  formats: Formats
  /** How the clinic reads digits and time; known once a clinic is. */
  setClinicPlace: (place: Pick<Place, 'digits' | 'timeZone'>) => void
}

const LocaleContext = createContext<Locale | null>(null)
const STORED = 'dawr.language'

const SYSTEM_PLACE: Pick<Place, 'digits' | 'timeZone'> = {
  digits: 'LATIN',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
}

export function LocaleProvider(props: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(storedLanguage)
  const [clinicPlace, setClinicPlace] = useState(SYSTEM_PLACE)
  const { setDirection } = useDirection()
  useEffect(() => {
    localStorage.setItem(STORED, language)
    document.documentElement.lang = language
    setDirection(directionOf(language))
    // Mantine's provider keeps the same function only for one direction.
    // eslint-disable-next-line react/exhaustive-deps
  }, [language])
  const { digits, timeZone } = clinicPlace
  const locale = useMemo(() => {
    const formats = makeFormats({ language, digits, timeZone })
    return { language, setLanguage, formats, text: makeText(language, formats), setClinicPlace }
  }, [language, digits, timeZone])
  return <LocaleContext value={locale}>{props.children}</LocaleContext>
}

function storedLanguage(): Language {
  return localStorage.getItem(STORED) === 'en' ? 'en' : 'ar'
}

export function useLocale(): Locale {
  const locale = use(LocaleContext)
  if (locale === null) throw new Error('outside of a LocaleProvider')
  return locale
}

export function useText(): Text {
  return useLocale().text
}

export function useFormats(): Formats {
  return useLocale().formats
}

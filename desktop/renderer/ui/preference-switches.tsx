import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconLanguage, IconMoon, IconSun } from '@tabler/icons-react'
import { useLocale } from './locale-context.tsx'

/** Names the other language in that language: who needs it can read it. */
export function LanguageSwitch() {
  const { language, setLanguage, text } = useLocale()
  const other = language === 'ar' ? 'en' : 'ar'
  return (
    <button
      type="button"
      className="button"
      data-kind="quiet"
      data-testid="language-switch"
      title={text(`language.${other}`)}
      // What is seen, then the whole word: who says what they see is understood too.
      aria-label={`${text(`language.short.${other}`)} ${text(`language.${other}`)}`}
      lang={other}
      onClick={() => setLanguage(other)}
    >
      <IconLanguage size="1.125rem" aria-hidden />
      <span className="language-long">{text(`language.${other}`)}</span>
      <span className="language-short">{text(`language.short.${other}`)}</span>
    </button>
  )
}

export function SchemeSwitch() {
  const { text } = useLocale()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const label = text(scheme === 'light' ? 'scheme.toDark' : 'scheme.toLight')
  const Icon = scheme === 'light' ? IconMoon : IconSun
  return (
    <button
      type="button"
      className="button"
      data-kind="quiet"
      data-testid="scheme-switch"
      title={label}
      aria-label={label}
      onClick={() => setColorScheme(scheme === 'light' ? 'dark' : 'light')}
    >
      <Icon size="1.125rem" aria-hidden />
    </button>
  )
}

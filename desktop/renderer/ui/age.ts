import { ageAt } from './formats.ts'
import type { Text } from './texts.ts'

/** An age in words: months for the smallest, "about" when only the year of birth is known. */
export function ageWords(text: Text, birthDate: string, today: string): string {
  const { years, months, about } = ageAt(birthDate, today)
  if (about) {
    return years === 0
      ? text('age.underOne')
      : text('age.about', { age: text('count.years', { count: years }) })
  }
  return years < 2 ? text('count.months', { count: months }) : text('count.years', { count: years })
}

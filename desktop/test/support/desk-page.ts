import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

type Language = 'ar' | 'en'

interface Look {
  language: Language
  scheme: 'light' | 'dark'
}

const LOOKS: readonly Look[] = [
  { language: 'ar', scheme: 'light' },
  { language: 'ar', scheme: 'dark' },
  { language: 'en', scheme: 'dark' },
  { language: 'en', scheme: 'light' },
]

/** Each language and each scheme once: for screens that are seen seldom. */
export const TWO_LOOKS: readonly Look[] = [
  { language: 'en', scheme: 'dark' },
  { language: 'ar', scheme: 'light' },
]

/** A page as a person at a keyboard has it: keys in, what shows out. */
export class DeskPage {
  readonly page: Page
  /** What the browser complained of: a page that works has nothing to say. */
  readonly complaints: string[] = []
  readonly #output: string
  /** How many pictures were taken. */
  shots: number

  /** @param shots of pages before it, whose pictures lie in the same folder */
  constructor(page: Page, output: string, shots = 0) {
    this.page = page
    this.#output = output
    this.shots = shots
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.complaints.push(message.text())
      }
    })
    page.on('pageerror', (error) => this.complaints.push(error.message))
  }

  byId(testId: string): Locator {
    return this.page.getByTestId(testId)
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key)
  }

  type(text: string): Promise<void> {
    return this.page.keyboard.type(text)
  }

  /** Tab, as often as it takes; fails when the keyboard does not get there. */
  async tabTo(target: Locator): Promise<void> {
    await target.waitFor()
    for (let presses = 0; presses < 60; presses += 1) {
      if (await this.hasFocus(target)) return
      await this.press('Tab')
    }
    throw new Error('the Tab key does not reach it')
  }

  hasFocus(target: Locator): Promise<boolean> {
    return target.evaluate((element) => element.contains(document.activeElement))
  }

  /** The row's own button, which has the focus of the row. */
  rowOf(name: string): Locator {
    return this.page.locator('[data-row]').filter({ hasText: name })
  }

  async shoot(name: string): Promise<void> {
    this.shots += 1
    const file = `${String(this.shots).padStart(2, '0')}-${name}.png`
    await this.page.screenshot({ path: join(this.#output, file) })
  }

  async setLanguage(language: Language): Promise<void> {
    const { page } = this
    if ((await page.evaluate(() => document.documentElement.lang)) !== language) {
      // By script: what is open over the bar stays open, as when a person had switched before.
      await this.byId('language-switch').evaluate((button) => {
        if (button instanceof HTMLElement) button.click()
      })
    }
    await page.waitForFunction(
      ([lang, dir]) =>
        document.documentElement.lang === lang && document.documentElement.dir === dir,
      [language, language === 'ar' ? 'rtl' : 'ltr'],
    )
  }
}

/** Opens the menu of the row that has the focus, and takes the step by arrows and Enter. */
export async function takeStep(at: DeskPage, step: string): Promise<void> {
  await at.press('Space')
  const item = at.byId(`step-${step}`)
  await item.waitFor()
  await expect.poll(() => at.hasFocus(at.byId('row-popover'))).toBe(true)
  for (let presses = 0; presses < 20 && !(await at.hasFocus(item)); presses += 1) {
    await at.press('ArrowDown')
  }
  await at.press('Enter')
}

/** Out of the menu of the person at the desk. */
export async function chooseInMenu(at: DeskPage, testId: string): Promise<void> {
  await at.tabTo(at.byId('person-menu'))
  await at.press('Enter')
  const item = at.byId(testId)
  await item.waitFor()
  // The menu takes the focus a moment after it is there.
  await expect
    .poll(async () => {
      await at.press('ArrowDown')
      return at.hasFocus(item)
    })
    .toBe(true)
  await at.press('Enter')
}

/** One toast, with these words. */
export async function expectSaid(at: DeskPage, words: string): Promise<void> {
  const toast = at.byId('toast')
  await expect.poll(() => toast.allTextContents(), { timeout: 5_000 }).toHaveLength(1)
  await expect.poll(() => toast.textContent().then(plain)).toContain(words)
}

/** axe and a picture, in both languages, light and dark; ends in Arabic. */
export async function inspect(at: DeskPage, name: string, looks = LOOKS): Promise<void> {
  for (const { language, scheme } of looks) {
    await at.setLanguage(language)
    await at.page.emulateMedia({ colorScheme: scheme })
    const { violations } = await new AxeBuilder({ page: at.page }).setLegacyMode().analyze()
    await at.shoot(`${name}-${language}-${scheme}`)
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
    expect(serious, `${name}, ${language}, ${scheme}`).toEqual([])
  }
  await at.setLanguage('ar')
}

/** Without the marks that isolate runs: for comparing words. */
export function plain(text: string | null): string {
  return (text ?? '').replace(/[\u2066-\u2069]/g, '')
}

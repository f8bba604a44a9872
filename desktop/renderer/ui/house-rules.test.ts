import { describe, expect, it } from 'vitest'

// As text, through Vite: this box knows no file system.
const sheets = import.meta.glob<string>('../**/*.css', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const screens = import.meta.glob<string>('../**/*.tsx', {
  query: '?raw',
  import: 'default',
  eager: true,
})

/** Properties and values that name a side of the screen instead of a side of the text. */
const PHYSICAL_CSS =
  /(?:^|[\s;{])(?:left|right|(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)(?:-\w+)?|border-(?:top|bottom)-(?:left|right)-radius)\s*:|(?:float|clear|text-align)\s*:\s*(?:left|right)/gm
const PHYSICAL_PROPS =
  /\s(?:ml|mr|pl|pr|left|right)=[{"']|(?:margin|padding|border)(?:Left|Right)\b/g
/** Letters between two tags that are not inside braces. */
const LITERAL_TEXT = />[^<>{}=;()]*\p{L}[^<>{}=;()]*<\//gu
const LITERAL_LABEL = /\s(?:title|label|placeholder|alt|aria-label)="[^"]*\p{L}[^"]*"/gu

function found(files: Record<string, string>, pattern: RegExp): string[] {
  return Object.entries(files).flatMap(([file, text]) =>
    [...text.matchAll(pattern)].map((match) => `${file}: ${match[0].trim()}`),
  )
}

describe('the windows', () => {
  it('are there to be read', () => {
    expect(Object.keys(screens).length).toBeGreaterThan(30)
    expect(Object.keys(sheets).length).toBeGreaterThan(8)
  })

  it('name no physical side, so that the tree mirrors by itself', () => {
    expect(found(sheets, PHYSICAL_CSS)).toEqual([])
    expect(found(screens, PHYSICAL_PROPS)).toEqual([])
  })

  it('would be caught if they did', () => {
    const bad = {
      sheet: '.a {\n  margin-left: 1px;\n  text-align: right;\n  left: 0;\n}',
      screen: '<p ml="md" title="Close">Hello</p>',
    }
    expect(found(bad, PHYSICAL_CSS)).toHaveLength(3)
    expect(found(bad, PHYSICAL_PROPS)).toHaveLength(1)
    expect(found(bad, LITERAL_TEXT)).toHaveLength(1)
    expect(found(bad, LITERAL_LABEL)).toHaveLength(1)
  })

  it('hold no text of their own', () => {
    expect(found(screens, LITERAL_TEXT)).toEqual([])
    expect(found(screens, LITERAL_LABEL)).toEqual([])
  })

  it('never space Arabic letters apart', () => {
    const spaced = found(sheets, /letter-spacing:[^;]+/g)
    // The dots of a PIN are not letters.
    expect(spaced.filter((line) => !line.includes('session.css'))).toEqual([])
  })
})

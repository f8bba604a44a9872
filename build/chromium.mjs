// Finds a Chromium for tests and for `npm start` on machines without Electron's binary.
// Plain JavaScript: the set-up runs this before there is a Node that strips types.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * The path of a Chromium-based browser, or null. `DAWR_CHROMIUM` wins, then the PATH, then the usual
 * places of Windows and macOS, then playwright's own download.
 * @returns {string | null}
 */
export function findChromium() {
  for (const path of candidates()) if (existsSync(path)) return path
  return null
}

/**
 * A generator, since asking playwright means loading it: 0.3 s that a machine with a Chromium saves.
 * @returns {Generator<string>}
 */
function* candidates() {
  const chosen = process.env['DAWR_CHROMIUM']
  if (chosen) {
    yield chosen
    return
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  yield* folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))
  yield* installedPlaces()
  yield* playwrightDownload()
}

/** @returns {string[]} */
function installedPlaces() {
  if (process.platform === 'darwin')
    return ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
  if (process.platform !== 'win32') return []
  // Edge is Chromium and comes with Windows.
  return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
    const folder = process.env[name]
    if (!folder) return []
    return [
      join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
      join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
    ]
  })
}

/** @returns {string[]} */
function playwrightDownload() {
  try {
    /** @type {{ chromium: { executablePath(): string } }} */
    const playwright = createRequire(import.meta.url)('playwright-core')
    return [playwright.chromium.executablePath()]
  } catch {
    return [] // node_modules is not there yet
  }
}

import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import type { BoardView } from '#desktop/station/contract/board-view.ts'
import { rendererPlugins } from '#desktop/renderer/vite.config.ts'
import { findChromium } from '../chromium.mjs'

const ROOT = resolve(import.meta.dirname, '../..')

/** As `npm run build` makes the window, into a folder of the bench. */
export function buildRenderer(folder: string): Promise<unknown> {
  return buildPage(join(ROOT, 'desktop/renderer'), folder)
}

export function buildFloorPage(folder: string): Promise<unknown> {
  const script = fileURLToPath(import.meta.resolve('./floor-page/main.tsx'))
  return buildPage(dirname(script), folder)
}

function buildPage(root: string, outDir: string): Promise<unknown> {
  return build({
    configFile: false,
    root,
    plugins: rendererPlugins,
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  })
}

export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('no Chromium: run `npm test`, which installs one')
  const args = ['--no-first-run', '--disable-quic', '--disable-background-networking']
  // Chromium refuses its sandbox to root, which is who a container runs as.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath, args: [...args, ...asRoot] })
}

/** From a key going down, milliseconds. */
export interface Press {
  /** Until the board's DOM shows what it did. */
  readonly dom: number
  /** Until the frame after that was painted. */
  readonly painted: number
}

interface Watcher {
  shown: Promise<Press> | null
  pressed: number | null
  told: ((press: Press) => void) | null
}

declare global {
  interface Window {
    benchWatcher: Watcher
    benchBoard: BoardView
  }
}

/** Opens a page that watches its own board. */
export async function openBoard(
  browser: Browser,
  url: string,
  board: BoardView | null = null,
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
  page.on('pageerror', (error) => console.error(error))
  if (board !== null) {
    await page.addInitScript((view) => {
      window.benchBoard = view
    }, board)
  }
  await page.addInitScript(watchBoard)
  await page.goto(url)
  await page.waitForSelector('[data-next]')
  await page.evaluate(() => document.fonts.ready.then(() => null))
  return page
}

/** Runs in the page: from the browser's own time of the key to the mutation that it brought. */
function watchBoard(): void {
  const watcher: Watcher = { shown: null, pressed: null, told: null }
  window.benchWatcher = watcher
  window.addEventListener(
    'keydown',
    (event) => {
      if (watcher.told !== null) watcher.pressed ??= event.timeStamp
    },
    true,
  )
  const CHANGE = '[data-visit], [data-tone="CALLED"]'
  const shows = (node: Node): boolean =>
    node instanceof Element &&
    node.closest('[data-testid="board"]') !== null &&
    (node.matches(CHANGE) || node.querySelector(CHANGE) !== null)
  const observer = new MutationObserver((records) => {
    const { pressed, told } = watcher
    if (pressed === null || told === null) return
    if (!records.some(({ addedNodes }) => [...addedNodes].some(shows))) return
    const dom = performance.now() - pressed
    watcher.pressed = null
    watcher.told = null
    requestAnimationFrame(() => {
      // A message comes after the frame's own work, when it has been handed to the screen.
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener('message', () => told({ dom, painted: performance.now() - pressed }))
      port1.start()
      port2.postMessage(null)
    })
  })
  observer.observe(document, { childList: true, subtree: true })
}

/** Presses a key and waits for what it does to the board. */
export async function press(page: Page, key: string): Promise<Press> {
  // Armed before the key is sent: keys and scripts reach the page by different ways.
  await page.evaluate(() => {
    const { promise, resolve, reject } = Promise.withResolvers<Press>()
    window.benchWatcher.told = resolve
    window.benchWatcher.shown = promise
    setTimeout(() => reject(new Error('the board did not change')), 5_000)
    return null
  })
  await page.keyboard.press(key)
  const shown = await page.evaluate(() => window.benchWatcher.shown)
  if (shown === null) throw new Error('the page was loaded anew')
  return shown
}

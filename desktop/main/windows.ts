import { join } from 'node:path'
import { app, BrowserWindow, screen, type WebContents, type WebPreferences } from 'electron'
import { APP_ORIGIN, mayNavigate, windowOpenDecision } from './navigation.ts'
import { afterCrash, NO_RESTARTS } from './restart-policy.ts'

const preload = join(import.meta.dirname, '../preload/preload.cjs')

const LOCKED: WebPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  webviewTag: false,
  // Chromium fetches spelling dictionaries from the network.
  spellcheck: false,
}

/** The windows that may talk to the shell: ours, and not the hidden ones that print. */
const open = new Set<WebContents>()

export function isOwnWindow(contents: WebContents): boolean {
  return open.has(contents)
}

export function openMainWindow(): void {
  const window = openWindow(`${APP_ORIGIN}/`)
  window.maximize()
  window.show()
}

export function focusMainWindow(): void {
  const [window] = BrowserWindow.getAllWindows()
  if (!window) return
  if (window.isMinimized()) window.restore()
  window.focus()
}

/** Hidden, without a bridge: a place to lay a document out for a printer or a PDF. */
export function openPrintPage(width: number): BrowserWindow {
  return new BrowserWindow({ show: false, width, height: 800, webPreferences: LOCKED })
}

function openWindow(url: string): BrowserWindow {
  const window = new BrowserWindow({
    show: false,
    width: 1280,
    height: 800,
    minWidth: 800,
    minHeight: 560,
    autoHideMenuBar: true,
    webPreferences: {
      ...LOCKED,
      preload,
      devTools: !app.isPackaged,
      // The TV calls patients aloud and keeps time while another window is in front.
      autoplayPolicy: 'no-user-gesture-required',
      backgroundThrottling: false,
    },
  })
  const contents = window.webContents
  open.add(contents)
  window.on('closed', () => open.delete(contents))
  reloadAfterCrash(window)
  void window.loadURL(url)
  return window
}

/** `window.open` in a page: the TV's window, on the second screen when there is one. */
function openOnOtherScreen(url: string, opener: WebContents): void {
  const window = openWindow(url)
  const here = BrowserWindow.fromWebContents(opener)
  const current = here ? screen.getDisplayMatching(here.getBounds()).id : null
  const other = screen.getAllDisplays().find((display) => display.id !== current)
  if (here && other) {
    window.setBounds(other.bounds)
    window.setFullScreen(true)
  }
  window.show()
}

function reloadAfterCrash(window: BrowserWindow): void {
  let restarts = NO_RESTARTS
  let startedAt = Date.now()
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return
    const decision = afterCrash(restarts, Date.now() - startedAt)
    restarts = decision.restarts
    setTimeout(() => {
      if (window.isDestroyed()) return
      startedAt = Date.now()
      window.webContents.reload()
    }, decision.delay)
  })
}

/** For every web contents there will ever be, also those that nobody thought of. */
export function lockNavigation(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.on('will-frame-navigate', (event) => {
      if (!mayNavigate(event.url)) event.preventDefault()
    })
    contents.on('will-redirect', (event) => {
      if (!mayNavigate(event.url)) event.preventDefault()
    })
    contents.setWindowOpenHandler(({ url }) => {
      if (isOwnWindow(contents) && windowOpenDecision(url) === 'own-window') {
        openOnOtherScreen(url, contents)
      }
      return { action: 'deny' }
    })
  })
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ShellBridge } from '#desktop/station/contract/shell.ts'
import { findElectron } from '../../build/electron.mjs'

const executablePath = findElectron()
const name = executablePath
  ? 'the shell in Electron'
  : "the shell in Electron (skipped: Electron's binary is not here; `npx install-electron` fetches it)"

/** Containers run as root and have no screen; a desk has neither problem. */
const containerSwitches = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ...(process.platform === 'linux' && process.env['DISPLAY'] === undefined
    ? ['--ozone-platform=headless']
    : []),
]

describe.skipIf(executablePath === null)(name, () => {
  let folder = ''
  let app: ElectronApplication
  let page: Page

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dawr-shell-'))
    app = await _electron.launch({
      ...(executablePath === null ? {} : { executablePath }),
      args: ['.', ...containerSwitches, '--demo', `--profile-folder=${folder}`],
    })
    page = await app.firstWindow()
    await page.waitForLoadState('load')
  })
  afterAll(async () => {
    await app.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('shows our page and nothing of Node', async () => {
    expect(page.url()).toBe('app://dawr/')
    expect(
      await page.evaluate(() => ['require', 'process', 'module'].filter((x) => x in window)),
    ).toEqual([])
  })

  test('gives the page a port to the station', async () => {
    const ports = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          window.addEventListener('message', (event) => {
            if (event.source === window && event.data === 'dawr:port') resolve(event.ports.length)
          })
          // The page's own global, which this file's types know nothing of.
          const { dawr } = window as unknown as { dawr: ShellBridge }
          dawr.requestPort()
        }),
    )
    expect(ports).toBe(1)
  })

  test('does not leave the app, nor open anything outside it', async () => {
    await page.evaluate(() => {
      window.open('https://example.com/')
      window.location.href = 'https://example.com/'
    })
    expect(page.url()).toBe('app://dawr/')
    expect(app.windows()).toHaveLength(1)
  })

  test('reaches no network, whatever the page tries', async () => {
    const outcome = await page.evaluate(() =>
      fetch('https://example.com/').then(
        () => 'reached',
        () => 'refused',
      ),
    )
    expect(outcome).toBe('refused')
  })
})

import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import type { ClinicId } from '#shared/ids.ts'
import { SignInResponse } from '#shared/protocol.ts'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { type DeskWindow, openDeskWindow } from './desk-window.ts'
import { findChromium } from '../../../build/chromium.mjs'
import { type ChaosProxy, openChaosProxy } from './chaos-proxy.ts'
import { type RunningProcess, startProgram } from './processes.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

/** Where a test keeps its screenshots and logs: beside the project, ignored by git. */
export function outputFolder(test: string): string {
  return join(ROOT, 'test-output', test)
}

export interface Desk {
  name: string
  folder: string
  proxy: ChaosProxy
  process: RunningProcess
  /** The contract without a screen, beside the page. */
  window: DeskWindow
  page: Page
}

export interface TestClinic {
  serverUrl: string
  server: RunningProcess
  serverFolder: string
  clinicId: string
  browser: Browser
  /** Of the demo's first clinic, unless another and its ADMIN are named. */
  openDesk: (
    name: string,
    email: string,
    of?: { clinicId: ClinicId; admin: string },
  ) => Promise<Desk>
  close: () => Promise<void>
}

const CHROMIUM_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real server on a real PostgreSQL with the demo clinic, and a browser to open desks in. */
export async function openTestClinic(output: string): Promise<TestClinic> {
  const folder = await mkdtemp(join(tmpdir(), 'dawr-clinic-'))
  // PostgreSQL, under its own user, must pass through.
  await chmod(folder, 0o711)
  const serverFolder = join(folder, 'server')
  const env = { DATA_FOLDER: serverFolder, PORT: '0', LOG_LEVEL: 'warn' }
  const server = await startProgram({
    script: 'sync-server/main.ts',
    args: [],
    env,
    logFile: join(output, 'server.log'),
  })
  const seeded = spawnSync(process.execPath, ['sync-server/seed-demo.ts'], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (seeded.status !== 0) throw new Error(`the demo clinic was not made: ${seeded.stderr}`)
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('no Chromium: npm test installs one')
  const browser = await chromium.launch({
    executablePath,
    args: [...CHROMIUM_FLAGS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  })
  const [clinic] = DEMO_CLINICS
  if (clinic === undefined) throw new Error('there is no demo clinic')
  const desks: Desk[] = []

  return {
    serverUrl: server.url,
    server,
    serverFolder,
    clinicId: clinic.clinicId,
    browser,
    async openDesk(
      name,
      email,
      { clinicId, admin } = { clinicId: clinic.clinicId, admin: 'admin@demo.dawr' },
    ) {
      const proxy = await openChaosProxy(server.url)
      const deskFolder = join(folder, name)
      const process_ = await startDeskProcess(deskFolder, output, name)
      const window = await openDeskWindow(process_.url)
      await window.act('enrol', {
        serverUrl: proxy.url,
        email: admin,
        password: DEMO_PASSWORD,
        clinicId,
        stationName: name,
      })
      await window.sessionIs('LOCKED')
      await window.act('signIn', { email, password: DEMO_PASSWORD })
      const page = await openPage(browser, process_.url)
      const desk = { name, folder: deskFolder, proxy, process: process_, window, page }
      desks.push(desk)
      return desk
    },
    async close() {
      await browser.close()
      for (const desk of desks) {
        desk.window.close()
        await desk.process.stop()
        await desk.proxy.close()
      }
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** As an ADMIN does elsewhere: no screen of a desk offers it. */
export async function revokeStation(
  { serverUrl, clinicId }: TestClinic,
  stationId: string,
): Promise<void> {
  const post = async (path: string, body: object, token?: string): Promise<unknown> => {
    const answer = await fetch(serverUrl + path, {
      method: 'POST',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    return answer.json()
  }
  const person = { email: 'admin@demo.dawr', password: DEMO_PASSWORD }
  const { accessToken } = SignInResponse.parse(await post('/v1/sign-in', person))
  await post(`/v1/clinics/${clinicId}/stations/${stationId}/revoke`, {}, accessToken)
}

export function startDeskProcess(
  folder: string,
  output: string,
  name: string,
): Promise<RunningProcess> {
  return startProgram({
    script: 'desktop/dev-host/main.ts',
    args: ['--folder', folder, '--port', '0', '--demo'],
    logFile: join(output, `${name}.log`),
  })
}

/** A window as on the common cheap screen. Printing is the system's: here it does nothing. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    locale: 'ar-EG',
    timezoneId: 'Africa/Cairo',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  await page.addInitScript(() => {
    window.print = () => undefined
  })
  await page.goto(url)
  return page
}

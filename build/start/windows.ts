import { join } from 'node:path'
import { findChromium } from '../chromium.mjs'
import { findElectron } from '../electron.mjs'
import type { DemoDesk } from '#desktop/station/demo-desk.ts'
import type { ChildSpec } from './supervisor.ts'

export type Surface =
  | { kind: 'electron'; executable: string }
  | { kind: 'chromium'; executable: string }
  /** No screen, or no browser: the person opens the addresses themselves. */
  | { kind: 'addresses' }

/** What this machine can show the desks in. */
export function surfaceOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Surface {
  const display = platform !== 'linux' || Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY'])
  if (!display) return { kind: 'addresses' }
  const electron = findElectron()
  if (electron) return { kind: 'electron', executable: electron }
  const chromium = findChromium()
  return chromium ? { kind: 'chromium', executable: chromium } : { kind: 'addresses' }
}

/** Chromium refuses its sandbox to root, which is who a container runs as. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []

const QUIET = [
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--log-level=3',
]

export interface Desk {
  name: string
  /** As the clinic calls it. */
  stationName: string
  /** Who sits at it. */
  email: string
  /** Of the profile: the station's encrypted file is in it. */
  folder: string
}

export function electronWindow(executable: string, desk: Desk, ready: DemoDesk): ChildSpec {
  const demo = ['--demo', `--demo-desk=${JSON.stringify(ready)}`]
  const args = ['.', ...demo, `--profile-folder=${desk.folder}`, ...asRoot]
  return { name: desk.name, command: executable, args, isWindow: true }
}

/** A window of its own, without tabs or an address bar, and a browser profile of its own. */
export function chromiumWindow(executable: string, desk: Desk, url: string): ChildSpec {
  const profile = join(desk.folder, 'browser')
  const args = [`--app=${url}`, `--user-data-dir=${profile}`, ...QUIET, ...asRoot]
  return { name: desk.name, command: executable, args, isWindow: true }
}

export function stationHost(desk: Desk, port: number, ready: DemoDesk): ChildSpec {
  const folder = join(desk.folder, 'station')
  const demo = ['--demo', '--demo-desk', JSON.stringify(ready)]
  const args = ['desktop/dev-host/main.ts', '--folder', folder, '--port', String(port), ...demo]
  return { name: desk.name, command: process.execPath, args }
}

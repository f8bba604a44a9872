import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startHost, type Host } from '#desktop/dev-host/host.ts'
import { findChromium } from '../../build/chromium.mjs'

/** Writes into its own title what came back over the contract's socket. */
const SCRIPT = `
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/contract')
  socket.onopen = () => socket.send('{"hello":"دور"}')
  socket.onmessage = ({ data }) => { document.title = data }
`

let folder = ''
let host: Host
let browser: Browser
let windows = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dawr-page-'))
  await writeFile(join(folder, 'page.js'), SCRIPT)
  await writeFile(
    join(folder, 'index.html'),
    `<!doctype html><meta charset="utf-8"><script>document.title = 'inline'</script>
     <script type="module" src="./page.js"></script>`,
  )
  host = await startHost({
    port: 0,
    rendererFolder: folder,
    connect(port) {
      windows += 1
      port.onMessage((message) => port.send(message))
    },
  })
  const executablePath = findChromium()
  if (executablePath === null) throw new Error('no Chromium: run `npm test`, which installs one')
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-quic'] })
})
afterAll(async () => {
  await browser.close()
  await host.close()
  await rm(folder, { recursive: true })
})

async function openPage(url: string): Promise<Page> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(url)
  return page
}

test('the address with the token opens the app, and leaves no token for a page to read', async () => {
  const page = await openPage(host.url)
  expect(page.url()).toBe(`${new URL(host.url).origin}/`)
  await expect.poll(() => page.title()).toBe('{"hello":"دور"}')
  expect(await page.evaluate(() => document.cookie)).toBe('')
  await page.context().close()
})

test('the address without the token shows nothing', async () => {
  const page = await openPage(new URL(host.url).origin)
  expect(await page.title()).toBe('')
  expect(await page.textContent('body')).toContain('token')
  await page.context().close()
})

test('a page elsewhere in the same browser, signed in or not, cannot open the contract', async () => {
  const page = await openPage(host.url)
  await expect.poll(() => page.title()).toContain('hello')
  const before = windows
  const other = await startHost({ port: 0, rendererFolder: folder, connect: () => undefined })
  const stranger = await page.context().newPage()
  await stranger.goto(other.url)
  const outcome = await stranger.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address)
        socket.addEventListener('open', () => resolve('open'))
        socket.addEventListener('error', () => resolve('refused'))
      }),
    `${new URL(host.url).origin.replace('http', 'ws')}/contract`,
  )
  expect(outcome).toBe('refused')
  expect(windows).toBe(before)
  await page.context().close()
  await other.close()
})

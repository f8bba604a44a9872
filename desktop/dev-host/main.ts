// The station and the built renderer without Electron: for development, tests in a real browser, and
// machines that cannot fetch Electron's binary. Never in the installer.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { DemoDesk, prepareDemoDesk } from '#desktop/station/demo-desk.ts'
import { openStation } from '#desktop/station/station.ts'
import { developmentKey, keepDevelopmentKey } from './development-key.ts'
import { startHost } from './host.ts'

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string', default: '0' },
    renderer: { type: 'string', default: 'out/renderer' },
    demo: { type: 'boolean', default: false },
    /** JSON of a DemoDesk: it is ready when the address is printed. */
    'demo-desk': { type: 'string' },
  },
})

const options = z
  .strictObject({
    folder: z.string().min(1),
    port: z.coerce.number().int().min(0).max(65_535),
    renderer: z.string().min(1),
    demo: z.boolean(),
    'demo-desk': z.string().optional(),
  })
  .parse(values)

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')))

const folder = resolve(options.folder)
const station = await openStation({
  folder,
  key: await developmentKey(folder),
  keepKey: (key) => keepDevelopmentKey(folder, key),
  demo: options.demo,
  appVersion: version,
  log: (line) => process.stderr.write(`${JSON.stringify(line)}\n`),
})
const demoDesk = options['demo-desk']
if (options.demo && demoDesk !== undefined) {
  await prepareDemoDesk(station, DemoDesk.parse(JSON.parse(demoDesk)))
}
const host = await startHost({
  port: options.port,
  rendererFolder: resolve(options.renderer),
  connect: (port) => station.connect(port),
})
console.log(JSON.stringify({ url: host.url }))

let closing = false
async function close(): Promise<void> {
  if (closing) return
  closing = true
  await host.close()
  await station.close()
  process.exit(0)
}
process.on('SIGTERM', () => void close())
process.on('SIGINT', () => void close())
// Whoever started this is gone, perhaps killed: do not stay behind holding the profile.
process.on('disconnect', () => void close())

import { readConfig } from './config.ts'
import { startServer } from './server.ts'

/** The messages of a failed start are ours or PostgreSQL's about its own set-up: no patient's data. */
function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

try {
  const server = await startServer(readConfig(process.env))
  const stop = () => {
    server.close().then(() => process.exit(0), fail)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`)
} catch (error) {
  fail(error)
}

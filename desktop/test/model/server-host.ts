// One instance of the server in a process of its own, with the model's clock.
import pino from 'pino'
import { z } from 'zod'
import { type RunningServer, startServer } from '#server/server.ts'
import { answerRequests } from './hosted.ts'

const PrivateKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
})

const Request = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('start'),
    appUrl: z.string(),
    ownerUrl: z.string(),
    signingKey: PrivateKey,
    now: z.number(),
  }),
  z.object({ op: z.literal('clock'), now: z.number() }),
  z.object({ op: z.literal('stop') }),
])

const clock = { now: 0 }
let server: RunningServer | null = null
/** Lines of what should never be logged: a fault. */
let faults: string[] = []

answerRequests(async (message) => {
  const request = Request.parse(message)
  switch (request.op) {
    case 'start': {
      clock.now = request.now
      faults = []
      const { appUrl, ownerUrl, signingKey } = request
      const log = pino(
        { level: 'error', base: null },
        { write: (line: string) => void faults.push(line) },
      )
      const config = {
        database: { appUrl, ownerUrl },
        port: 0,
        host: '127.0.0.1',
        publicUrl: null,
        clinicHost: null,
        trustedProxies: 0,
        dataFolder: 'none: the database and the key are given',
        trialDays: 14,
        jobs: true,
        logLevel: 'error',
        signingKey,
      } as const
      server = await startServer(config, { now: () => clock.now, log, rehearses: false })
      return { url: server.url }
    }
    case 'clock':
      clock.now = request.now
      return null
    case 'stop':
      await server?.close()
      server = null
      return { faults }
  }
})

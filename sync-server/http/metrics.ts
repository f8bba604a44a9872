import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type pg from 'pg'

export interface Metrics {
  registry: Registry
  requests: Histogram<'method' | 'route' | 'status'>
  refusals: Counter<'code'>
  commands: Counter<'verdict' | 'code'>
  streams: Gauge
  /** How many documents each pull still had before it: a feed that is not kept up with shows here. */
  pullLag: Histogram
}

/** A registry per server, so that two servers in one test do not share numbers. */
export function createMetrics(pool: pg.Pool): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const connections = new Gauge({
    name: 'dawr_database_connections',
    help: 'Connections of the pool by state',
    labelNames: ['state'],
    registers,
    collect: () => {
      connections.set({ state: 'total' }, pool.totalCount)
      connections.set({ state: 'idle' }, pool.idleCount)
      connections.set({ state: 'waiting' }, pool.waitingCount)
    },
  })
  return {
    registry,
    requests: new Histogram({
      name: 'dawr_request_seconds',
      help: 'Requests by the pattern of their route, never by a path that holds ids',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    refusals: new Counter({
      name: 'dawr_refusals_total',
      help: 'Refused requests by error code',
      labelNames: ['code'],
      registers,
    }),
    commands: new Counter({
      name: 'dawr_commands_total',
      help: 'Commands answered, replays among them, by verdict and the reason for it',
      labelNames: ['verdict', 'code'],
      registers,
    }),
    streams: new Gauge({
      name: 'dawr_streams',
      help: 'Event streams open at this instance',
      registers,
    }),
    pullLag: new Histogram({
      name: 'dawr_pull_lag_documents',
      help: 'Documents of the feed that a station did not have yet when it pulled',
      buckets: [0, 1, 10, 100, 1_000, 10_000, 100_000],
      registers,
    }),
  }
}

/** The beginning of a CommandResult's text, as it is printed. */
const ANSWER = /^\{"commandId":"[^"]*","verdict":"(\w+)","code":(?:"(\w+)"|null)/

/** @param answers JSON texts of CommandResults */
export function countCommands({ commands }: Metrics, answers: readonly string[]): void {
  for (const answer of answers) {
    const [, verdict = 'unknown', code = ''] = ANSWER.exec(answer) ?? []
    commands.inc({ verdict, code })
  }
}

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ClinicId, StationId } from '#shared/ids.ts'

export const PRESENCE_CHANNEL = 'dawr_presence'

const Seat = z.tuple([ClinicId, StationId])
type Seat = z.infer<typeof Seat>

/** What server instances tell each other about the streams they hold. */
export const PresenceMessage = z.object({
  from: z.string(),
  opened: z.array(Seat).optional(),
  closed: z.array(Seat).optional(),
  /** A new instance: tell it all. */
  asks: z.boolean().optional(),
})
export type PresenceMessage = z.infer<typeof PresenceMessage>

const ALIVE_MS = 20_000
/** An instance that was not heard of for so long is gone, and its streams with it. */
const GONE_MS = 3 * ALIVE_MS
const BATCH_MS = 50
/** PostgreSQL carries 8,000 bytes in a notification. */
const SEATS_PER_MESSAGE = 80

export interface Presence {
  open: (clinicId: ClinicId, stationId: StationId) => void
  close: (clinicId: ClinicId, stationId: StationId) => void
  /** Whether a stream of the station is open, at any instance. */
  isLive: (stationId: StationId) => boolean
  hear: (message: PresenceMessage) => void
  /** Listening (again): ask the others, and tell them. */
  introduce: () => void
  end: () => void
}

/**
 * Keeps which stations are on line now, at all server instances. In memory only: it is true of this
 * moment or of nothing.
 */
export function createPresence(
  publish: (payload: string) => void,
  onChange: (clinicId: ClinicId) => void,
): Presence {
  const self = randomUUID()
  const local = new Map<StationId, { clinicId: ClinicId; streams: number }>()
  const others = new Map<string, { heardAt: number; seats: Map<StationId, ClinicId> }>()
  let news: { opened: Seat[]; closed: Seat[] } = { opened: [], closed: [] }
  let batch: NodeJS.Timeout | undefined

  function tell(message: Omit<PresenceMessage, 'from'>): void {
    publish(JSON.stringify({ from: self, ...message }))
  }

  function tellSeats(kind: 'opened' | 'closed', seats: readonly Seat[]): void {
    for (let at = 0; at < seats.length; at += SEATS_PER_MESSAGE) {
      tell({ [kind]: seats.slice(at, at + SEATS_PER_MESSAGE) })
    }
  }

  function flush(): void {
    batch = undefined
    const { opened, closed } = news
    news = { opened: [], closed: [] }
    tellSeats('opened', opened)
    tellSeats('closed', closed)
  }

  function tellAll(): void {
    tellSeats(
      'opened',
      [...local].map(([stationId, { clinicId }]) => [clinicId, stationId]),
    )
  }

  function changed(kind: 'opened' | 'closed', seat: Seat): void {
    news[kind].push(seat)
    batch ??= setTimeout(flush, BATCH_MS)
    onChange(seat[0])
  }

  function dropGone(): void {
    for (const [instance, { heardAt, seats }] of others) {
      if (Date.now() - heardAt < GONE_MS) continue
      others.delete(instance)
      for (const clinicId of new Set(seats.values())) onChange(clinicId)
    }
  }

  const alive = setInterval(() => {
    tell({})
    dropGone()
  }, ALIVE_MS)

  return {
    open: (clinicId, stationId) => {
      const known = local.get(stationId)
      local.set(stationId, { clinicId, streams: (known?.streams ?? 0) + 1 })
      if (known === undefined) changed('opened', [clinicId, stationId])
    },
    close: (clinicId, stationId) => {
      const streams = (local.get(stationId)?.streams ?? 0) - 1
      if (streams > 0) {
        local.set(stationId, { clinicId, streams })
      } else if (local.delete(stationId)) {
        changed('closed', [clinicId, stationId])
      }
    },
    isLive: (stationId) =>
      local.has(stationId) || [...others.values()].some(({ seats }) => seats.has(stationId)),
    hear: (message) => {
      if (message.from === self) return
      const seats = others.get(message.from)?.seats ?? new Map<StationId, ClinicId>()
      others.set(message.from, { heardAt: Date.now(), seats })
      for (const [clinicId, stationId] of message.opened ?? []) seats.set(stationId, clinicId)
      for (const [, stationId] of message.closed ?? []) seats.delete(stationId)
      const touched = [...(message.opened ?? []), ...(message.closed ?? [])]
      for (const clinicId of new Set(touched.map(([clinicId]) => clinicId))) onChange(clinicId)
      if (message.asks === true) tellAll()
    },
    introduce: () => {
      tell({ asks: true })
      tellAll()
    },
    end: () => {
      clearInterval(alive)
      clearTimeout(batch)
    },
  }
}

import { AppError, type ErrorCode } from '#shared/errors.ts'
import type { ClinicId, StationId } from '#shared/ids.ts'
import { HEARTBEAT_MS } from '#shared/protocol.ts'
import { queryClinic } from '../database/clinic-tx.ts'
import { learnStation } from '../identity/require-station.ts'
import type { ServerDeps, StationClaim } from '../server-deps.ts'
import { ClinicNews, NEWS_CHANNEL, readNotification } from './clinic-news.ts'
import {
  createEventStream,
  encodeEvent,
  encodeText,
  type EventStream,
  type StreamLine,
} from './event-stream.ts'
import { createFeedOffers, type FeedOffers } from './feed-offers.ts'
import type { Gate } from './gate.ts'
import { openListener } from './listener.ts'
import { createPresence, PRESENCE_CHANNEL, PresenceMessage } from './presence.ts'
import { CONTACTS, readContacts } from './station-contacts.ts'

/** The event streams of this server instance. */
export interface StreamHub {
  /**
   * For a station that has shown a good token: what its row says now is looked at here.
   *
   * @param begin asked once the station may listen: it is then told there, until either side ends it
   * @param takesPages whether it understands what may come along with the news
   * @throws AppError UNAVAILABLE, UNAUTHENTICATED or STATION_REVOKED; then nothing was begun
   */
  open: (
    station: StationClaim,
    listening: { begin: () => StreamLine; takesPages: boolean; isGone?: () => boolean },
  ) => Promise<void>
  /** Whether a stream of the station is open, here or at another instance. */
  isLive: (stationId: StationId) => boolean
  /** What is written here for the stations that listen here. */
  offers: FeedOffers
}

interface Seat {
  stationId: StationId
  /** Null: it was not greeted yet. */
  stream: EventStream | null
  /** The last feed number told; before the hello, to be told with it. */
  head: number
  /** Revoked before it was greeted. */
  isRefused: boolean
  takesPages: boolean
  expiry: NodeJS.Timeout | null
}

interface Room {
  seats: Set<Seat>
  /** Until they are read: in a storm what comes and goes while they wait for that is told with them. */
  contacts: NodeJS.Timeout | null
}

const BEAT = encodeEvent({ type: 'beat' })
/** Heartbeats go out a part at a time, not to all stations in one tick. */
const BEAT_PARTS = 20
/** Comings and goings within this time are told together. */
const CONTACTS_MS = 500

const READ_STATION_AND_HEAD = `
  SELECT (SELECT json_build_object('publicKey', public_key, 'revoked', revoked, 'ended', ended)
      FROM station_state($1, $2)) AS station,
    (SELECT head FROM feeds WHERE clinic_id = $1) AS head`

/** @param gate what streams ask the database goes through it: they are only hints */
export function createStreamHub(deps: ServerDeps, gate: Gate): StreamHub {
  const rooms = new Map<ClinicId, Room>()
  const offers = createFeedOffers((clinicId) => rooms.has(clinicId))
  let part = 0

  const presence = createPresence(
    (payload) => {
      gate
        .run(() => deps.pool.query('SELECT pg_notify($1, $2)', [PRESENCE_CHANNEL, payload]))
        .catch(() => deps.log.warn('presence not told'))
    },
    (clinicId) => tellContactsSoon(clinicId),
  )

  function broadcast(room: Room, event: Uint8Array): void {
    for (const { stream } of room.seats) stream?.send(event)
  }

  /** @param page JSON text of what was written between the head before and this one */
  function tellHead(clinicId: ClinicId, head: number, page: string | null = null): void {
    const bare = encodeEvent({ type: 'changed', head })
    const full =
      page === null ? bare : encodeText(`{"type":"changed","head":${head},"page":${page}}`)
    for (const seat of rooms.get(clinicId)?.seats ?? []) {
      // Told already, by its hello or while catching up.
      if (head <= seat.head) continue
      seat.head = head
      seat.stream?.send(seat.takesPages ? full : bare)
    }
  }

  function tellContactsSoon(clinicId: ClinicId): void {
    const room = rooms.get(clinicId)
    if (room === undefined || room.contacts !== null) return
    room.contacts = setTimeout(() => {
      gate
        .runLast(() => tellContacts(clinicId, room))
        .catch(() => deps.log.warn({ clinicId }, 'contacts not told'))
    }, CONTACTS_MS)
  }

  async function tellContacts(clinicId: ClinicId, room: Room): Promise<void> {
    room.contacts = null
    if (room.seats.size === 0) return
    const { rows } = await queryClinic<{ contacts: unknown }>(
      deps.pool,
      clinicId,
      `SELECT ${CONTACTS} AS contacts`,
      [clinicId],
    )
    const stations = readContacts(rows[0]?.contacts, presence.isLive)
    broadcast(room, encodeEvent({ type: 'stations', stations }))
  }

  function sayBye(seat: Seat, code: ErrorCode): void {
    seat.stream?.send(encodeEvent({ type: 'bye', code }))
    seat.stream?.close()
  }

  function hearNews(payload: string): void {
    const news = readNotification(ClinicNews, payload)
    if (news === null) return
    const { clinicId, head, revoked, offer } = news
    const page = offers.take(offer)
    for (const seat of rooms.get(clinicId)?.seats ?? []) {
      if (revoked?.includes(seat.stationId) !== true) continue
      seat.isRefused = true
      sayBye(seat, 'STATION_REVOKED')
    }
    tellHead(clinicId, head, page)
  }

  function hearPresence(payload: string): void {
    const message = readNotification(PresenceMessage, payload)
    if (message !== null) presence.hear(message)
  }

  /** What was missed while nobody listened. */
  async function catchUp(): Promise<void> {
    for (const clinicId of rooms.keys()) {
      tellHead(clinicId, await readHead(clinicId))
    }
  }

  /** The head for a station that may listen; in one round trip, for all may come back at once. */
  async function readHeadFor({ clinicId, stationId }: StationClaim): Promise<number> {
    const { rows } = await queryClinic<{ station: unknown; head: number | null }>(
      deps.pool,
      clinicId,
      READ_STATION_AND_HEAD,
      [clinicId, stationId],
    )
    learnStation({ clinicId, stationId }, rows[0]?.station)
    return rows[0]?.head ?? 0
  }

  async function readHead(clinicId: ClinicId): Promise<number> {
    const { rows } = await queryClinic<{ head: number }>(
      deps.pool,
      clinicId,
      'SELECT head FROM feeds WHERE clinic_id = $1',
      [clinicId],
    )
    return rows[0]?.head ?? 0
  }

  const listener = openListener(deps, {
    channels: [NEWS_CHANNEL, PRESENCE_CHANNEL],
    onMessage: (channel, payload) => {
      if (channel === NEWS_CHANNEL) hearNews(payload)
      else hearPresence(payload)
    },
    onReady: () => {
      presence.introduce()
      catchUp().catch(() => deps.log.warn('streams not caught up'))
    },
  })

  const beat = setInterval(() => {
    part = (part + 1) % BEAT_PARTS
    let index = 0
    for (const { seats } of rooms.values()) {
      for (const { stream } of seats) {
        if (index % BEAT_PARTS === part) stream?.send(BEAT)
        index += 1
      }
    }
  }, HEARTBEAT_MS / BEAT_PARTS)

  function takeSeat(clinicId: ClinicId, stationId: StationId, takesPages: boolean): Seat {
    const room = rooms.get(clinicId) ?? { seats: new Set(), contacts: null }
    rooms.set(clinicId, room)
    const seat: Seat = {
      stationId,
      stream: null,
      head: 0,
      isRefused: false,
      takesPages,
      expiry: null,
    }
    room.seats.add(seat)
    return seat
  }

  function giveUpSeat(clinicId: ClinicId, seat: Seat): void {
    const room = rooms.get(clinicId)
    room?.seats.delete(seat)
    if (room?.seats.size === 0) {
      clearTimeout(room.contacts ?? undefined)
      rooms.delete(clinicId)
    }
  }

  function greet({ clinicId, expiresAt }: StationClaim, seat: Seat, line: StreamLine): void {
    seat.stream = createEventStream(line, () => leave(clinicId, seat))
    const left = Math.max(expiresAt - deps.now(), 0)
    seat.expiry = setTimeout(() => sayBye(seat, 'UNAUTHENTICATED'), left)
    deps.metrics.streams.inc()
    presence.open(clinicId, seat.stationId)
    seat.stream.send(encodeEvent({ type: 'hello', head: seat.head }))
  }

  function leave(clinicId: ClinicId, seat: Seat): void {
    clearTimeout(seat.expiry ?? undefined)
    deps.metrics.streams.dec()
    giveUpSeat(clinicId, seat)
    presence.close(clinicId, seat.stationId)
    gate
      .runLast(() => noteLastContact(clinicId, seat.stationId))
      .catch(() => deps.log.warn({ clinicId }, 'last contact not noted'))
  }

  /** It was there until now, although it may have asked for nothing since it came. */
  async function noteLastContact(clinicId: ClinicId, stationId: StationId): Promise<void> {
    // Back by now: it is noted when that ends.
    if (presence.isLive(stationId)) return
    await queryClinic(
      deps.pool,
      clinicId,
      'UPDATE stations SET last_contact = now() WHERE clinic_id = $1 AND station_id = $2',
      [clinicId, stationId],
    )
  }

  deps.closing.addEventListener('abort', () => {
    clearInterval(beat)
    for (const { seats } of rooms.values()) {
      for (const seat of seats) sayBye(seat, 'UNAVAILABLE')
    }
  })
  deps.onClose(async () => {
    clearInterval(beat)
    presence.end()
    await listener.close()
    // That somebody was there until now is still to be written.
    await gate.empty()
  })

  return {
    isLive: presence.isLive,
    offers,
    open: async (station, { begin, takesPages, isGone }) => {
      const { clinicId, stationId } = station
      const seat = takeSeat(clinicId, stationId, takesPages)
      try {
        // After the seat is taken: nothing that is written from here on is missed.
        const head = await gate.run(() => readHeadFor(station), isGone)
        if (deps.closing.aborted) throw new AppError('UNAVAILABLE')
        if (seat.isRefused) throw new AppError('STATION_REVOKED')
        seat.head = Math.max(head, seat.head)
      } catch (error) {
        giveUpSeat(clinicId, seat)
        throw error
      }
      const line = begin()
      // Who gave up meanwhile.
      if (line.destroyed) giveUpSeat(clinicId, seat)
      else greet(station, seat, line)
    },
  }
}

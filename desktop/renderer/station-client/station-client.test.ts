import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { ContractPort } from '#desktop/station/contract/port.ts'
import { makeStationClient, type StationClient } from './station-client.ts'

type Sent = { type: string; id: number; name?: string; query?: string }

/** One life of the station, as a window sees it. */
function stationLife() {
  const sent: Sent[] = []
  let hear: (message: unknown) => void = () => undefined
  let end = (): void => undefined
  const port: ContractPort = {
    send: (message) => void sent.push(message as Sent),
    onMessage: (listener) => (hear = listener),
    onClose: (listener) => (end = listener),
  }
  return { port, sent, say: (message: unknown) => hear(message), end: () => end() }
}

let begin: (port: ContractPort) => void
let client: StationClient
beforeEach(() => {
  client = makeStationClient({ open: (onPort) => (begin = onPort) })
})

const EMPTY_INBOX = { items: [] }

describe('a window and its station', () => {
  it('watches anew after a restart, and keeps the last view meanwhile', () => {
    const first = stationLife()
    begin(first.port)
    const inbox = client.watch('inbox', {})
    inbox.subscribe(() => undefined)
    first.say({ type: 'view', id: first.sent[0]?.id, view: EMPTY_INBOX })
    first.end()
    expect(client.isConnected()).toBe(false)
    expect(inbox.state().view).toEqual(EMPTY_INBOX)
    const second = stationLife()
    begin(second.port)
    expect(second.sent).toMatchObject([{ type: 'watch', query: 'inbox' }])
  })

  it('takes what changed of a view; all else stays the same objects', () => {
    const life = stationLife()
    begin(life.port)
    const people = client.watch('people', {})
    people.subscribe(() => undefined)
    const id = life.sent[0]?.id
    const person = (userId: string, hasPin: boolean) => ({
      userId,
      name: 'منى',
      email: 'mona@example.com',
      roles: ['RECEPTION'],
      hasPin,
      knownHere: true,
      demoPassword: null,
    })
    const [one, other] = [
      '019a9b00-0000-7000-8000-000000000001',
      '019a9b00-0000-7000-8000-000000000002',
    ]
    life.say({ type: 'view', id, view: [person(one, false), person(other, false)] })
    const before = people.state().view
    const changed = { at: 1, patch: ['{', { hasPin: ['=', true] }] }
    life.say({ type: 'patch', id, patch: ['[', [0, changed]] })
    expect(people.state().view).toEqual([person(one, false), person(other, true)])
    expect(people.state().view?.[0]).toBe(before?.[0])
  })

  it('watches anew when what changed is of another view than it has', () => {
    const life = stationLife()
    begin(life.port)
    const inbox = client.watch('inbox', {})
    inbox.subscribe(() => undefined)
    life.say({ type: 'view', id: life.sent[0]?.id, view: EMPTY_INBOX })
    life.say({ type: 'patch', id: life.sent[0]?.id, patch: ['[', [0]] })
    expect(life.sent.map(({ type }) => type)).toEqual(['watch', 'unwatch', 'watch'])
    expect(inbox.state()).toEqual({ view: EMPTY_INBOX, refused: null })
    life.say({ type: 'patch', id: life.sent[0]?.id, patch: ['{', {}] })
    expect(life.sent).toHaveLength(3)
  })

  it('shares one watch among all who ask the same', () => {
    const life = stationLife()
    begin(life.port)
    const stopOne = client.watch('inbox', {}).subscribe(() => undefined)
    const stopOther = client.watch('inbox', {}).subscribe(() => undefined)
    expect(life.sent.map(({ type }) => type)).toEqual(['watch'])
    stopOne()
    stopOther()
    expect(life.sent.map(({ type }) => type)).toEqual(['watch', 'unwatch'])
  })

  it('holds an act until the station is there, and sends it once', async () => {
    const acting = client.act('lock', {})
    const life = stationLife()
    begin(life.port)
    expect(life.sent).toMatchObject([{ type: 'act', name: 'lock' }])
    life.say({ type: 'done', id: life.sent[0]?.id, output: {} })
    expect(await acting).toEqual({ ok: true, output: {} })
  })

  it('says that it does not know when the station went away under an act', async () => {
    const life = stationLife()
    begin(life.port)
    const acting = client.act('lock', {})
    life.end()
    expect(await acting).toMatchObject({ ok: false, code: 'UNAVAILABLE' })
    const next = stationLife()
    begin(next.port)
    // Perhaps it was done: doing it twice is for a person to decide.
    expect(next.sent).toEqual([])
  })

  it('takes no answer that has not the form of the contract', async () => {
    const life = stationLife()
    begin(life.port)
    const listener = vi.fn()
    const inbox = client.watch('inbox', {})
    inbox.subscribe(listener)
    life.say({ type: 'view', id: life.sent[0]?.id, view: { items: 'many' } })
    expect(inbox.state()).toMatchObject({ view: null, refused: { code: 'INTERNAL' } })
    const acting = client.act('undoLast', {})
    life.say({ type: 'done', id: life.sent[1]?.id, output: { visitId: 7 } })
    expect(await acting).toMatchObject({ ok: false, code: 'INTERNAL' })
  })
})

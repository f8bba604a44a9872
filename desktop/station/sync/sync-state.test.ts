import { describe, expect, test } from 'vitest'
import {
  nextSyncState,
  startSyncState,
  type SyncEvent,
  type SyncState,
  type SyncStateName,
} from './sync-state.ts'

const run = (events: SyncEvent[], from: SyncState = startSyncState(0)): SyncState =>
  events.reduce((state, event, index) => nextSyncState(state, event, index + 1), from)

const TRY = { type: 'TRY' } as const
const page = (done: number, total: number): SyncEvent => ({
  type: 'PULLED',
  done,
  total,
  upToDate: done === total,
})
const failed = { type: 'FAILED', code: 'OFFLINE' } as const
const refused = { type: 'REFUSED', code: 'STATION_REVOKED' } as const

describe('the line to the server', () => {
  test('goes from nothing over catching up to live, and says how far it is', () => {
    expect(run([TRY]).name).toBe('CONNECTING')
    expect(run([TRY, page(5, 20), page(10, 20)])).toMatchObject({
      name: 'CATCHING_UP',
      since: 2,
      done: 10,
      total: 20,
    })
    expect(run([TRY, page(5, 20), page(20, 20)])).toEqual({
      name: 'LIVE',
      since: 3,
      streaming: false,
    })
    expect(run([TRY, page(0, 0), { type: 'STREAM_OPENED' }])).toMatchObject({ streaming: true })
  })

  test('stays live while only the stream is lost', () => {
    const live = run([TRY, page(0, 0), { type: 'STREAM_OPENED' }])
    const polling = run([{ type: 'STREAM_LOST' }], live)
    expect(polling).toEqual({ name: 'LIVE', since: 2, streaming: false })
    expect(run([page(4, 9)], polling)).toBe(polling)
  })

  test('counts failures in a row and keeps since when it has been offline', () => {
    const offline = run([TRY, failed])
    expect(offline).toEqual({ name: 'OFFLINE', since: 2, code: 'OFFLINE', failures: 1 })
    expect(run([failed], offline)).toMatchObject({ since: 2, failures: 2 })
    expect(run([TRY, failed], offline)).toMatchObject({ name: 'OFFLINE', failures: 2 })
    expect(run([TRY, page(0, 0), failed], offline)).toMatchObject({ name: 'OFFLINE', failures: 1 })
  })

  test('waits for a person when the server refuses, until someone tries', () => {
    for (const from of [
      startSyncState(0),
      run([TRY]),
      run([TRY, page(1, 2)]),
      run([TRY, page(0, 0)]),
    ]) {
      expect(run([refused], from)).toMatchObject({
        name: 'NEEDS_ATTENTION',
        code: 'STATION_REVOKED',
      })
    }
    const stuck = run([TRY, refused])
    expect(run([failed, page(1, 1), { type: 'STREAM_OPENED' }], stuck)).toBe(stuck)
    expect(run([TRY], stuck).name).toBe('CONNECTING')
  })

  test('gives the same object when nothing changed: nothing is told', () => {
    const states: Record<SyncStateName, SyncState> = {
      OFFLINE: startSyncState(0),
      CONNECTING: run([TRY]),
      CATCHING_UP: run([TRY, page(1, 2)]),
      LIVE: run([TRY, page(0, 0)]),
      NEEDS_ATTENTION: run([refused]),
    }
    for (const state of Object.values(states)) {
      expect(nextSyncState(state, { type: 'STREAM_LOST' }, 99)).toBe(state)
    }
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { startTestServer, type TestServer } from '#server/test/test-server.ts'
import type { VisitId } from '#shared/ids.ts'
import { type DeskWindow, openDeskWindow } from './support/desk-window.ts'
import { type ChaosProxy, openChaosProxy } from './support/chaos-proxy.ts'
import { boardOf, checkIn, lineOf, rowsOf, statusOn } from './support/desk-work.ts'
import { type RunningProcess, startProgram } from './support/processes.ts'
import { emailOf, PIN, userIdOf } from './support/station-in-process.ts'

/**
 * The power goes in the middle of a morning, and when the PC is up again there is no internet. The
 * station is a process of its own and is killed; whoever was known there goes on.
 */

let server: TestServer
let proxy: ChaosProxy
let folder: string
let host: RunningProcess
let window: DeskWindow

beforeEach(async () => {
  // The station's process has the machine's own clock.
  server = await startTestServer({ now: Date.now() })
  proxy = await openChaosProxy(server.url)
  folder = await mkdtemp(join(tmpdir(), 'dawr-power-cut-'))
  await switchOn()
  await window.act('enrol', {
    serverUrl: proxy.url,
    email: emailOf('admin'),
    password: DEMO_PASSWORD,
    clinicId: DEMO_CLINICS[0]?.clinicId ?? expect.fail('there is no demo clinic'),
    stationName: 'desk',
  })
  await window.sessionIs('LOCKED')
  for (const account of ['doctor', 'reception']) {
    await signIn(account)
    await window.act('setPin', { password: DEMO_PASSWORD, pin: PIN })
  }
  await window.until('sync', {}, ({ state, progress }) => state === 'LIVE' && progress === null)
})
afterEach(async () => {
  window.close()
  await host.kill()
  await proxy.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function switchOn(): Promise<void> {
  host = await startProgram({
    script: 'desktop/dev-host/main.ts',
    args: ['--folder', folder, '--port', '0', '--demo'],
    logFile: resolve(import.meta.dirname, '../../test-output/power-cut/desk.log'),
  })
  window = await openDeskWindow(host.url)
}

/** Nothing is closed, nothing is said: the process is gone. Then the PC starts, without internet. */
async function cutPower(): Promise<void> {
  proxy.set('CLOSED')
  await host.kill()
  window.close()
  await switchOn()
}

function signIn(account: string): Promise<unknown> {
  return window.act('signIn', { email: emailOf(account), password: DEMO_PASSWORD })
}

function unlock(account: string, pin = PIN): Promise<unknown> {
  return window.act('unlock', { userId: userIdOf(account), pin })
}

/** @returns each visit that a person saw confirmed, with its ticket as printed */
async function checkInUntilDark(): Promise<Map<VisitId, string>> {
  const confirmed = new Map<VisitId, string>()
  const enough = Promise.withResolvers<void>()
  async function work(): Promise<void> {
    for (let number = 1; ; number += 1) {
      const { visitId, slip } = await checkIn(window, `مريض ${number}`, {
        payment: { amount: { minor: 300_00, currency: 'EGP' }, method: 'CASH' },
      })
      confirmed.set(visitId, slip.ticket)
      if (confirmed.size === 12) enough.resolve()
    }
  }
  // Ends when the line to the station breaks, in the middle of a check-in.
  const working = work().catch(() => undefined)
  await enough.promise
  await cutPower()
  await working
  return confirmed
}

test('after a power cut and without internet, a known person serves the next patient', async () => {
  const confirmed = await checkInUntilDark()
  // A restart signs nobody in.
  expect(await window.sessionIs('LOCKED', 'SIGNED_IN')).toBe('LOCKED')
  await expect(checkIn(window, 'قبل الدخول')).rejects.toThrow('SESSION_LOCKED')

  await signIn('reception')
  const { waiting } = lineOf(await boardOf(window))
  const stands = new Map(waiting.map(({ visitId, ticket }) => [visitId, ticket]))
  for (const [visitId, ticket] of confirmed) expect(stands.get(visitId)).toBe(ticket)
  // At most the one that was under way came in unconfirmed, and then whole.
  expect(stands.size - confirmed.size).toBeLessThanOrEqual(1)
  for (const row of waiting) expect(row).toMatchObject({ paid: 'PAID', status: 'WAITING' })
  // No number is given twice, and none is left out.
  const { slip } = await checkIn(window, 'بعد انقطاع الكهرباء')
  expect(slip.ticket).toBe(String(stands.size + 1))

  await unlock('doctor')
  const doctorId = userIdOf('doctor')
  const { visitId } = await window.act('callNext', { doctorId })
  expect(visitId).toBe(waiting[0]?.visitId)
  await window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await window.act('finishVisit', { visitId })
  // And once more, so that what was done in the dark is on the disk too.
  await cutPower()
  await unlock('doctor')
  const board = await boardOf(window)
  expect(statusOn(board, visitId)).toBe('DONE')
  expect(lineOf(board).waiting).toHaveLength(stands.size)

  proxy.set('PASS')
  await window.act('syncNow', {})
  await window.until('sync', {}, ({ state, unsynced }) => state === 'LIVE' && unsynced === 0)
  expect(rowsOf(await boardOf(window))).toHaveLength(stands.size + 1)
  const inbox = await window.until('inbox', {}, () => true)
  expect(inbox.items).toEqual([])
})

test('a stranger is not let in, and wrong PINs and passwords count on through a restart', async () => {
  await cutPower()
  const wrong = { email: emailOf('reception'), password: 'not this' }
  await expect(
    window.act('signIn', { email: emailOf('accountant'), password: DEMO_PASSWORD }),
  ).rejects.toThrow('SIGN_IN_NEEDS_INTERNET')
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(unlock('reception', '0000')).rejects.toThrow('SIGN_IN_FAILED')
    await expect(window.act('signIn', wrong)).rejects.toThrow('SIGN_IN_FAILED')
  }
  await cutPower()
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(unlock('reception', '0000')).rejects.toThrow('SIGN_IN_FAILED')
    await expect(window.act('signIn', wrong)).rejects.toThrow('SIGN_IN_FAILED')
  }
  await cutPower()
  // Now the right ones are of no use either: the PIN for good, the password for half a minute.
  await expect(unlock('reception')).rejects.toThrow('TOO_MANY_ATTEMPTS')
  await expect(signIn('reception')).rejects.toThrow('TOO_MANY_ATTEMPTS')
  // Who forgot nothing is not shut out with her, at the same desk.
  await unlock('doctor')
  await expect(unlock('reception')).rejects.toThrow('TOO_MANY_ATTEMPTS')
})

test('five wrong PINs end the PIN until its owner has given the password', async () => {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await expect(unlock('reception', '0000')).rejects.toThrow('SIGN_IN_FAILED')
  }
  await cutPower()
  await expect(unlock('reception')).rejects.toThrow('TOO_MANY_ATTEMPTS')
  await signIn('reception')
  await window.act('lock', {})
  await unlock('reception')
  expect(await window.sessionIs('SIGNED_IN', 'LOCKED')).toBe('SIGNED_IN')
})

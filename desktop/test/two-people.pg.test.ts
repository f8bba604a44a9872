import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withClinic } from '#server/database/clinic-tx.ts'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { signedRegistration } from '#server/test/signed-registration.ts'
import { enrolStation, signIn, stationToken, type TestStation } from '#server/test/test-server.ts'
import { Command } from '#shared/commands.ts'
import {
  type CommandResult,
  PROTOCOL_VERSION,
  PullResponse,
  PushResponse,
} from '#shared/protocol.ts'
import { formatStamp, nodeOfStation } from '#shared/stamp.ts'
import { Visit } from '#shared/visit.ts'
import { boardOf, checkIn, inboxOf, lineOf, rowsOf, statusOn } from './support/desk-work.ts'
import {
  type Desk,
  emailOf,
  openWorld,
  userIdOf,
  type World,
} from './support/station-in-process.ts'

/** One PC, no internet, two people: each does what they may, and answers for it under their own name. */

let world: World
let desk: Desk

beforeEach(async () => {
  world = await openWorld('2026-11-23T10:00:00Z')
  desk = await world.openDesk('shared')
})
afterEach(() => world.close())

interface Audited {
  name: string
  author: string
  roles: string[]
}

/** What the clinic's audit says of the commands, with the roles that each author had. */
function auditOfCommands(): Promise<Audited[]> {
  return withClinic(world.server.database.pool, world.clinicId, async (tx) => {
    const { rows } = await tx.query<Audited>(
      `SELECT a.name, a.author_id AS author, m.roles
       FROM audit_entries a JOIN clinic_staff m USING (clinic_id)
       WHERE a.clinic_id = $1 AND a.command_id IS NOT NULL AND m.user_id = a.author_id
       ORDER BY a.seq`,
      [tx.clinicId],
    )
    return rows
  })
}

describe('two people at one station without internet', () => {
  beforeEach(async () => {
    await desk.signInWithPin('reception')
    await desk.signInWithPin('doctor')
    await desk.goOffline()
  })

  test('are refused and let in each by their own rights, and audited each as themselves', async () => {
    const { act } = desk.window
    await desk.unlock('reception')
    const { visitId } = await checkIn(desk.window, 'نجلاء فتحي')
    world.passMinutes(1)
    await desk.unlock('doctor')
    // A DOCTOR gives out no tickets.
    await expect(checkIn(desk.window, 'ليس للطبيب')).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await act('callNext', { doctorId: userIdOf('doctor') })
    await act('startVisit', { visitId, to: 'WITH_DOCTOR' })
    world.passMinutes(1)
    await desk.unlock('reception')
    const [row] = lineOf(await boardOf(desk.window)).withDoctor
    expect(row?.actions).not.toContain('FINISH_VISIT')
    await expect(act('finishVisit', { visitId })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    // Nor is a doctor's step hers to take back, or her own once he has gone on.
    expect(row?.undoUntil).toBeNull()
    await expect(act('undoLast', {})).rejects.toMatchObject({ code: 'UNDO_LATE' })
    const amount = { minor: 300_00, currency: 'EGP' } as const
    await act('takePayment', { visitId, amount, method: 'CASH' })
    await desk.unlock('doctor')
    await expect(act('takePayment', { visitId, amount, method: 'CASH' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    await act('finishVisit', { visitId })

    // Whoever sits there when the line comes back is no author of anything.
    await desk.unlock('reception')
    const { waiting } = await desk.window.until('sync', {}, ({ unsynced }) => unsynced === 5)
    expect(waiting.map(({ command }) => command).toReversed()).toEqual([
      'checkIn',
      'call',
      'startVisit',
      'takePayment',
      'finishVisit',
    ])
    await desk.goOnline()
    const reception = { author: userIdOf('reception'), roles: ['RECEPTION'] }
    const doctor = { author: userIdOf('doctor'), roles: ['DOCTOR'] }
    expect(await auditOfCommands()).toEqual([
      { name: 'checkIn', ...reception },
      { name: 'call', ...doctor },
      { name: 'startVisit', ...doctor },
      { name: 'takePayment', ...reception },
      { name: 'finishVisit', ...doctor },
    ])
    expect(statusOn(await boardOf(desk.window), visitId)).toBe('DONE')
    expect(await inboxOf(desk.window, 'REJECTED', 0)).toEqual([])
  })

  test('leave nothing open behind them: a locked desk does nothing, nor does a wrong PIN', async () => {
    await desk.unlock('reception')
    const { visitId } = await checkIn(desk.window, 'نجلاء فتحي')
    await expect(
      desk.window.act('unlock', { userId: userIdOf('doctor'), pin: '0000' }),
    ).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' })
    // Who was there is there still: the wrong PIN opened nobody else's session.
    const session = await desk.window.until('session', {}, ({ status }) => status === 'SIGNED_IN')
    expect(session).toMatchObject({ person: { userId: userIdOf('reception') } })
    await desk.window.act('lock', {})
    await expect(
      desk.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' }),
    ).rejects.toMatchObject({ code: 'SESSION_LOCKED' })
    await expect(boardOf(desk.window)).rejects.toMatchObject({ code: 'SESSION_LOCKED' })
  })
})

describe('a command signed by a station', () => {
  /** A station whose key the test holds: it can sign what no window would let it make. */
  let forger: TestStation
  let token: string

  beforeEach(async () => {
    await desk.signIn('reception')
    forger = await enrolStation(world.server, await signIn(world.server, 'admin'), world.clinicId)
    token = await stationToken(world.server, forger)
  })

  async function push(signed: { payload: string; signature: string }): Promise<CommandResult> {
    const { body } = await world.server.call('POST', '/v1/push', {
      token,
      body: { protocol: PROTOCOL_VERSION, commands: [signed] },
    })
    const [result] = PushResponse.parse(body).results
    return result ?? expect.fail('no answer')
  }

  async function openSession(account: string): Promise<void> {
    const body = { email: emailOf(account), password: DEMO_PASSWORD }
    expect(await world.server.call('POST', '/v1/sessions', { token, body })).toMatchObject({
      status: 200,
    })
  }

  test('in the name of somebody who never signed in there is held, whoever did', async () => {
    await openSession('doctor')
    const forged = signedRegistration(forger, userIdOf('reception'), world.now())
    expect(await push(forged)).toMatchObject({ verdict: 'HELD', code: 'NOT_SIGNED_IN_HERE' })
    // Signed in at another station is not signed in here; here, the same command is hers.
    await openSession('reception')
    const own = signedRegistration(forger, userIdOf('reception'), world.now())
    expect(await push(own)).toMatchObject({ verdict: 'ACCEPTED' })
    const tampered = { ...own, payload: own.payload.replace('Strange', 'Changed') }
    expect(await push(tampered)).toMatchObject({ verdict: 'REJECTED', code: 'BAD_SIGNATURE' })
    expect(await auditOfCommands()).toMatchObject([
      { name: 'registerPatient', author: userIdOf('reception') },
    ])
  })

  test('that its author may not give is refused by the server as by the station', async () => {
    await desk.signIn('doctor')
    await desk.signIn('reception')
    const { visitId } = await checkIn(desk.window, 'نجلاء فتحي')
    await desk.signIn('doctor')
    await desk.window.act('startVisit', { visitId, to: 'WITH_DOCTOR' })
    await desk.isSettled(0)
    await openSession('reception')
    await openSession('doctor')
    const { visit, seen } = await pullVisit(visitId)
    const finish = (by: string): Promise<CommandResult> => push(signedFinish(by, visit, seen))
    expect(await finish('reception')).toMatchObject({ verdict: 'REJECTED', code: 'FORBIDDEN' })
    // The same by the doctor: so it was the person that was refused.
    expect(await finish('doctor')).toMatchObject({ verdict: 'ACCEPTED' })
    const board = await boardOf(desk.window, (view) => statusOn(view, visitId) === 'DONE')
    expect(rowsOf(board)).toHaveLength(1)
  })

  async function pullVisit(visitId: string): Promise<{ visit: Visit; seen: number }> {
    const { body } = await world.server.call('POST', '/v1/pull', {
      token,
      body: { protocol: PROTOCOL_VERSION, checkpoint: null, limit: 1_000, lastCommand: 0 },
    })
    const { documents, checkpoint } = PullResponse.parse(body)
    const found = documents.find(({ id }) => id === visitId)
    return { visit: Visit.parse(found?.doc), seen: checkpoint.seq }
  }

  let commands = 0
  function signedFinish(account: string, base: Visit, seen: number) {
    commands += 1
    const by = userIdOf(account)
    const { stationId } = forger
    const at = formatStamp(world.now() + commands, 0, nodeOfStation(stationId))
    const step = { id: randomUUID(), status: 'DONE', at, by, stationId, undoes: null, reason: null }
    const next = { ...base, status: 'DONE', transitions: [...base.transitions, step] }
    const command = Command.parse({
      commandId: randomUUID(),
      stationId,
      seq: commands,
      name: 'finishVisit',
      by,
      at,
      seen,
      writes: [{ collection: 'visits', id: base.id, base, next }],
      decision: null,
    })
    const payload = JSON.stringify(command)
    return { payload, signature: forger.key.sign(payload) }
  }
})

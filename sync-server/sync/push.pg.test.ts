import { generateKeyPairSync, sign } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Patient } from '#shared/patient.ts'
import type { CommandResult } from '#shared/protocol.ts'
import { Visit } from '#shared/visit.ts'
import { changeStaff } from '../clinics/staff.ts'
import { withClinic } from '../database/clinic-tx.ts'
import { createTestDatabase, type TestDatabase } from '../test/test-database.ts'
import { createTestClinic, type Desk, MINUTE, newId, type TestClinic } from './test-clinic.ts'
import {
  checkIn,
  editPatient,
  madeEntry,
  madePatient,
  madeVisit,
  pay,
  refund,
  register,
  setField,
  step,
} from './test-commands.ts'

let database: TestDatabase
let clinic: TestClinic
let desk: Desk
let other: Desk

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clinic = await createTestClinic(database)
  desk = await clinic.openDesk('reception', 'doctor', 'admin', 'accountant')
  other = await clinic.openDesk('reception2', 'doctor', 'admin')
})

function verdicts(results: readonly CommandResult[]): string[] {
  return results.map(({ verdict, code }) => (code === null ? verdict : `${verdict} ${code}`))
}

async function head(): Promise<number> {
  const { rows } = await clinic.within((tx) =>
    tx.query<{ head: number }>('SELECT head FROM feeds WHERE clinic_id = $1', [clinic.clinicId]),
  )
  return rows[0]?.head ?? 0
}

function docOf<T>(schema: { parse: (value: unknown) => T }, result: CommandResult | undefined): T {
  return schema.parse(result?.documents.at(-1)?.doc)
}

test('a station revoked by its row alone can neither push nor pull', async () => {
  await desk.push(register(desk, 'reception'))
  const known = await head()
  await clinic.within((tx) =>
    tx.query('UPDATE stations SET revoked_at = now() WHERE clinic_id = $1 AND station_id = $2', [
      clinic.clinicId,
      desk.stationId,
    ]),
  )
  await expect(desk.push(register(desk, 'reception'))).rejects.toThrow('STATION_REVOKED')
  await expect(desk.pull()).rejects.toThrow('STATION_REVOKED')
  expect(await head()).toBe(known)
})

describe('a command that is lawful', () => {
  test('is accepted with the resulting documents, under the next feed numbers', async () => {
    const before = await head()
    const command = checkIn(desk, 'reception', { number: 1 })
    const [result] = await desk.push(command)
    expect(result).toMatchObject({ verdict: 'ACCEPTED', code: null, details: {} })
    expect(result?.documents.map(({ seq }) => seq)).toEqual([before + 1, before + 2])
    expect(docOf(Visit, result)).toEqual(madeVisit(command))
    expect(await head()).toBe(before + 2)
    await other.pull()
    expect(other.documents.get(`visits:${madeVisit(command).id}`)).toEqual(madeVisit(command))
  })

  test('is answered as the first time however often it comes, and written once', async () => {
    const commands = [checkIn(desk, 'reception', { number: 1 }), register(desk, 'reception')]
    const first = await desk.push(...commands)
    const after = await head()
    expect(await desk.push(...commands, ...commands)).toEqual([...first, ...first])
    expect(await head()).toBe(after)
  })

  test('is answered again with what stands by then, not with what stood', async () => {
    const made = register(desk, 'reception')
    const [first] = await desk.push(made)
    const edited = editPatient(other, 'reception2', madePatient(made), { note: 'near the door' })
    const [newer] = await other.push(edited)
    const [again] = await desk.push(made)
    expect(again).toEqual({ ...first, documents: newer?.documents })
  })

  test('let in by an ADMIN is answered again with what stands by then', async () => {
    await clinic.within((tx) =>
      changeStaff(tx, {
        userId: clinic.people.reception,
        change: { active: false },
        by: clinic.people.admin,
        now: clinic.clock.now,
      }),
    )
    clinic.clock.now += MINUTE
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const decision = other.make('decideQuarantined', 'admin', () => [], {
      decision: { commandId: arrival.commandId, accept: true },
    })
    expect(verdicts(await desk.push(arrival))).toEqual(['HELD QUARANTINED'])
    expect(verdicts(await other.push(decision))).toEqual(['ACCEPTED'])
    await other.pull()
    const canceled = step(other, 'reception2', madeVisit(arrival), ['cancel', 'CANCELED'])
    expect(verdicts(await other.push(canceled))).toEqual(['ACCEPTED'])
    const [again] = await desk.push(arrival)
    expect(docOf(Visit, again).status).toBe('CANCELED')
    const [decided] = await other.push(decision)
    expect(decided?.documents).toEqual(expect.arrayContaining(again?.documents ?? []))
  })

  test('may come twice in one push, and late', async () => {
    const one = register(desk, 'reception')
    const two = editPatient(desk, 'reception', madePatient(one), { note: 'near the door' })
    const three = register(desk, 'reception')
    expect(verdicts(await desk.push(one, three, three, two, one))).toEqual(
      Array.from({ length: 5 }, () => 'ACCEPTED'),
    )
  })

  test('follows its parent in the same push', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const visit = madeVisit(arrival)
    const begin = step(desk, 'doctor', visit, ['startVisit', 'WITH_DOCTOR'])
    const finish = step(desk, 'doctor', madeVisit(begin), ['finishVisit', 'DONE'])
    const results = await desk.push(arrival, begin, finish)
    expect(verdicts(results)).toEqual(['ACCEPTED', 'ACCEPTED', 'ACCEPTED'])
    expect(docOf(Visit, results[2]).status).toBe('DONE')
  })
})

test('a clinic whose writers must wait does not keep another from its pull', async () => {
  const neighbour = await createTestClinic(database)
  const theirs = await neighbour.openDesk('reception')
  const holder = await database.ownerPool.connect()
  await holder.query(`BEGIN; SET LOCAL app.clinic_id = '${clinic.clinicId}'`)
  await holder.query('SELECT 1 FROM feeds WHERE clinic_id = $1 FOR UPDATE', [clinic.clinicId])
  const commands = Array.from({ length: 12 }, () => register(desk, 'reception'))
  const pushes = Promise.all(commands.map((command) => desk.push(command)))
  await sleep(100)
  const waited = await Promise.race([theirs.pull(), sleep(500, 'LATE')])
  await holder.query('ROLLBACK')
  holder.release()
  expect(waited).toMatchObject({ upToDate: true })
  expect(new Set(verdicts((await pushes).flat()))).toEqual(new Set(['ACCEPTED']))
})

describe('two stations at once', () => {
  test('fill one feed without a gap', async () => {
    const before = await head()
    const pushes = Array.from({ length: 10 }, (_, index) => [
      desk.push(checkIn(desk, 'reception', { number: index + 1 })),
      other.push(
        checkIn(other, 'reception2', { number: index + 1 }),
        register(other, 'reception2'),
      ),
    ])
    const results = (await Promise.all(pushes.flat())).flat()
    expect(new Set(verdicts(results))).toEqual(new Set(['ACCEPTED']))
    const numbers = results.flatMap(({ documents }) => documents.map(({ seq }) => seq))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, index) => before + index + 1),
    )
  })

  test('edit one phone: the later stands, the other is kept', async () => {
    const made = register(desk, 'reception')
    await desk.push(made)
    const patient = madePatient(made)
    const early = editPatient(desk, 'reception', patient, { phones: ['+201111111111'] })
    clinic.clock.now += MINUTE
    const late = editPatient(other, 'reception2', patient, { phones: ['+201222222222'] })
    await other.pull()
    const [lateResult] = await other.push({ ...late, seen: other.checkpoint?.seq ?? 0 })
    expect(docOf(Patient, lateResult).superseded).toEqual([])
    const [earlyResult] = await desk.push(early)
    const merged = docOf(Patient, earlyResult)
    expect(merged.phones).toEqual(['+201222222222'])
    expect(merged.superseded).toMatchObject([{ field: 'phones', value: ['+201111111111'] }])
  })

  test('cancel and start one visit: care stands, the cancellation is kept', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    await desk.push(arrival)
    await other.pull()
    const visit = madeVisit(arrival)
    clinic.clock.now += MINUTE
    const canceled = step(desk, 'reception', visit, ['cancel', 'CANCELED'])
    const started = step(other, 'doctor', visit, ['startVisit', 'WITH_DOCTOR'])
    expect(verdicts(await desk.push(canceled))).toEqual(['ACCEPTED'])
    const [result] = await other.push(started)
    expect(result?.verdict).toBe('ACCEPTED')
    const merged = docOf(Visit, result)
    expect(merged.status).toBe('WITH_DOCTOR')
    expect(merged.transitions.map(({ status }) => status)).toContain('CANCELED')
  })

  test('what a push was answered with counts as seen, ahead of the checkpoint', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    await desk.push(arrival)
    await other.pull()
    const visit = madeVisit(arrival)
    clinic.clock.now += MINUTE
    await other.push(step(other, 'doctor', visit, ['startVisit', 'WITH_DOCTOR']))
    // This desk has not pulled: its call meets the doctor's step, and the answer shows both.
    const [answer] = await desk.push(
      desk.make('call', 'reception', ({ at, by, stationId }) => {
        const calls = [{ id: newId<Visit['calls'][number]['id']>(), at, by, stationId, room: '1' }]
        return [{ collection: 'visits', id: visit.id, base: visit, next: { ...visit, calls } }]
      }),
    )
    const shown = docOf(Visit, answer)
    expect(shown.status).toBe('WITH_DOCTOR')
    const finished = step(desk, 'doctor', shown, ['finishVisit', 'DONE'])
    expect(verdicts(await desk.push(finished))).toEqual(['ACCEPTED'])
  })
})

describe('a command that is refused', () => {
  test('by role, with what stands instead', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    await desk.push(arrival)
    const visit = madeVisit(arrival)
    const begun = step(desk, 'accountant', visit, ['startVisit', 'WITH_DOCTOR'])
    const [result] = await desk.push(begun)
    expect(result).toMatchObject({ verdict: 'REJECTED', code: 'FORBIDDEN' })
    expect(docOf(Visit, result)).toEqual(visit)
  })

  test('by status', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const finish = step(desk, 'doctor', madeVisit(arrival), ['finishVisit', 'DONE'])
    expect(verdicts(await desk.push(arrival, finish))).toEqual([
      'ACCEPTED',
      'REJECTED UNLAWFUL_STEP',
    ])
  })

  test('says that there is nothing instead', async () => {
    const early = register(desk, 'accountant')
    const [result] = await desk.push(early)
    expect(result).toMatchObject({ verdict: 'REJECTED', code: 'FORBIDDEN' })
    expect(result?.documents).toEqual([
      { collection: 'patients', id: madePatient(early).id, seq: 0, doc: null },
    ])
  })

  test('does not stop those behind it, and is refused again the same', async () => {
    const bad = register(desk, 'accountant')
    const good = register(desk, 'reception')
    const first = await desk.push(bad, good)
    expect(verdicts(first)).toEqual(['REJECTED FORBIDDEN', 'ACCEPTED'])
    expect(await desk.push(bad, good)).toEqual(first)
  })

  test('changes nothing that does not stand', async () => {
    const never = madePatient(register(desk, 'reception'))
    const settle = desk.make('settleConflict', 'reception', () => [
      {
        collection: 'patients',
        id: never.id,
        base: never,
        next: { ...never, settled: ['name:1'] },
      },
    ])
    expect(verdicts(await desk.push(settle))).toEqual(['REJECTED NOT_FOUND'])
  })

  test('a forged base brings nothing in', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    await desk.push(arrival)
    const visit = madeVisit(arrival)
    // Never sent: a step that only this station's base knows.
    const base = madeVisit(step(desk, 'reception', visit, ['markNoShow', 'NO_SHOW']))
    const skip = setField(desk, 'reception', base, {
      name: 'skip',
      field: 'orderKey',
      value: 'zzz',
    })
    const [result] = await desk.push(skip)
    expect(result?.verdict).toBe('ACCEPTED')
    expect(docOf(Visit, result)).toMatchObject({ status: 'WAITING', orderKey: 'zzz' })
    expect(docOf(Visit, result).transitions).toHaveLength(1)
  })
})

describe('what is not a command of this station', () => {
  test('a bad signature is refused for itself, and does not use up the id', async () => {
    const command = register(desk, 'reception')
    const signed = desk.sign(command)
    const stranger = generateKeyPairSync('ed25519').privateKey
    const forged = sign(null, Buffer.from(signed.payload), stranger).toString('base64url')
    const results = await desk.send([{ ...signed, signature: forged }, desk.sign(command)])
    expect(verdicts(results)).toEqual(['REJECTED BAD_SIGNATURE', 'ACCEPTED'])
    for (const signature of ['', 'AAAA', '*']) {
      expect(verdicts(await desk.send([{ ...signed, signature }]))).toEqual([
        'REJECTED BAD_SIGNATURE',
      ])
    }
  })

  test('another station, another clinic, another form', async () => {
    const command = register(desk, 'reception')
    const patient = madePatient(command)
    const foreign = { ...patient, clinicId: newId<typeof patient.clinicId>() }
    const results = await desk.push(
      { ...command, commandId: newId(), stationId: other.stationId },
      {
        ...command,
        commandId: newId(),
        writes: [{ collection: 'patients', id: foreign.id, base: null, next: foreign }],
      },
      { ...command, commandId: newId(), seq: 0 },
    )
    expect(results.map(({ verdict, details }) => [verdict, details])).toEqual([
      ['REJECTED', { issues: ['stationId'] }],
      ['REJECTED', { issues: ['clinicId'] }],
      ['REJECTED', { issues: ['seq'] }],
    ])
  })

  test.each([
    ['NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud83db'],
  ])('%s is refused, and a whole pair is not', async (_, note) => {
    const command = register(desk, 'reception', { note })
    const whole = register(desk, 'reception', { note: '😀 \\u0000' })
    expect(verdicts(await desk.push(command, whole))).toEqual(['REJECTED INVALID', 'ACCEPTED'])
  })

  test("the id of another station's command does not tell its answer", async () => {
    const theirs = register(other, 'reception2')
    await other.push(theirs)
    const copy = { ...register(desk, 'reception'), commandId: theirs.commandId }
    const [result] = await desk.push(copy)
    expect(result).toEqual({
      commandId: theirs.commandId,
      verdict: 'REJECTED',
      code: 'INVALID',
      details: {},
      documents: [{ collection: 'patients', id: madePatient(copy).id, seq: 0, doc: null }],
    })
  })

  test('signed, it is answered with what stands; not signed, with nothing', async () => {
    const made = register(desk, 'reception')
    const [first] = await desk.push(made)
    const patient = madePatient(made)
    const unstorable = editPatient(desk, 'reception', patient, { note: 'x\ud83d' })
    const tooMuch = editPatient(desk, 'reception', patient, { note: 'x'.repeat(100_000) })
    const misplaced = { ...editPatient(desk, 'reception', patient, { note: 'x' }), seq: 0 }
    const results = await desk.push(unstorable, tooMuch, misplaced)
    expect(verdicts(results)).toEqual(Array.from({ length: 3 }, () => 'REJECTED INVALID'))
    for (const { documents } of results) expect(documents).toEqual(first?.documents)
    const [forged] = await desk.send([{ ...desk.sign(misplaced), signature: '' }])
    expect(forged?.documents).toEqual([])
  })

  test('without a readable id the request itself is refused', async () => {
    const signed = desk.sign(register(desk, 'reception'))
    for (const payload of ['{', '{}', 'null', '{"commandId":"x"}']) {
      await expect(desk.send([{ ...signed, payload }])).rejects.toMatchObject({ code: 'INVALID' })
    }
  })
})

describe('money', () => {
  test('is given back once, up to what was paid and to the limit of the role', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const payment = pay(desk, 'reception', madeVisit(arrival), 30_000)
    const canceled = step(desk, 'reception', madeVisit(arrival), ['cancel', 'CANCELED'])
    await desk.push(arrival, payment, canceled)
    const visit = madeVisit(arrival)
    const paymentId = madeEntry(payment).id
    const give = (by: 'reception' | 'accountant', minor: number) =>
      refund(desk, by, visit, { paymentId, minor })
    expect(
      verdicts(
        await desk.push(
          give('reception', 10_001),
          give('reception', 10_000),
          give('accountant', 15_000),
          give('accountant', 5_001),
        ),
      ),
    ).toEqual(['REJECTED REFUND_OVER_LIMIT', 'ACCEPTED', 'ACCEPTED', 'REJECTED REFUND_OVER_PAID'])
    expect(verdicts(await desk.push(give('accountant', 5_001), give('accountant', 5_000)))).toEqual(
      ['REJECTED REFUND_OVER_PAID', 'ACCEPTED'],
    )
  })

  test('entries cannot be changed in SQL either, by the owner neither', async () => {
    const arrival = checkIn(desk, 'reception', { number: 1 })
    const payment = pay(desk, 'reception', madeVisit(arrival), 30_000)
    await desk.push(arrival, payment)
    const change = (pool: TestDatabase['pool'], sql: string) =>
      withClinic(pool, clinic.clinicId, (tx) =>
        tx.query(`${sql} WHERE clinic_id = $1 AND collection = 'entries'`, [clinic.clinicId]),
      )
    const immutable = { code: '23001' }
    await expect(change(database.pool, "UPDATE documents SET doc = '{}'")).rejects.toMatchObject(
      immutable,
    )
    await expect(change(database.pool, 'DELETE FROM documents')).rejects.toMatchObject({
      code: '42501',
    })
    for (const sql of ['DELETE FROM documents', 'UPDATE documents SET seq = 0']) {
      await expect(change(database.ownerPool, sql)).rejects.toMatchObject(immutable)
    }
  })
})

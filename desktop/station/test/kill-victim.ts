import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import { PatientId, VisitId } from '#shared/ids.ts'
import { START } from '#shared/test-values.ts'
import { checkIn } from '../commands/check-in.ts'
import { takePayment } from '../commands/money.ts'
import { draftOf } from '../commands/test-desk.ts'
import { takeStep } from '../commands/visit-steps.ts'
import { importPatients } from '../import/import-batch.ts'
import type { CommandDraft, CommandTx, Replica } from '../replica/replica.ts'
import {
  ADMIN,
  DESK,
  DOCTOR,
  draftCheckIn,
  draftPatient,
  fillClinic,
  openTestReplica,
  testClock,
} from '../replica/test-replica.ts'

/**
 * The victim of kill.test.ts. Usage: node kill-victim.ts FOLDER COMMAND STATEMENT
 *
 * It says `start` with the number of commands there were, makes one command, and ends itself by
 * SIGKILL before that statement (from 0; one past the last: after COMMIT, before anyone hears of
 * it). With COMMAND `any` it makes commands until somebody else kills it, saying `start` and `done`
 * around each.
 */
const [folder = '', name = '', at = '0'] = process.argv.slice(2)
const say = (...words: (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

const clock = testClock(START)
const { replica, core, store } = await openTestReplica({ folder, clock })
if (!replica.isOpen()) fillClinic(core)

type Make = (tx: CommandTx) => CommandDraft<unknown>
type Prepare = (replica: Replica, number: number) => Make

const newCheckIn: Prepare = (_replica, number) => (tx) =>
  checkIn(tx, {
    patient: { kind: 'NEW', draft: draftOf(`مريض جديد ${number}`, `0100${1_000_000 + number}`) },
    doctorId: DOCTOR,
    visitType: 'EXAMINATION',
    priority: 'NORMAL',
    payment: { amount: { minor: 30_000, currency: 'EGP' }, method: 'CASH' },
  })

/** Each command that writes more than one document, and one of each that writes a single one. */
const COMMANDS: Record<string, Prepare> = {
  'check-in-new': newCheckIn,
  'check-in-known'(known, number) {
    const patientId = known.commit(DESK, (tx) => draftPatient(tx, `مريض معروف ${number}`))
    return (tx) =>
      checkIn(tx, {
        patient: { kind: 'KNOWN', patientId: PatientId.parse(patientId) },
        doctorId: DOCTOR,
        visitType: 'FOLLOW_UP',
        priority: 'URGENT',
        payment: { amount: { minor: 10_000, currency: 'EGP' }, method: 'CARD' },
      })
  },
  import: (_replica, number) => (tx) =>
    importPatients(
      tx,
      [1, 2, 3].map((row) => draftOf(`قائمة قديمة ${number} ${row}`, `0111${number}00${row}`)),
    ),
  'take-payment'(here, number) {
    const { visitId } = here.commit(DESK, (tx) => draftCheckIn(tx, `مريض ${number}`))
    return (tx) =>
      takePayment(tx, {
        visitId: VisitId.parse(visitId),
        amount: { minor: 5_000, currency: 'EGP' },
        method: 'CASH',
      })
  },
  'start-visit'(here, number) {
    const { visitId } = here.commit(DESK, (tx) => draftCheckIn(tx, `مريض ${number}`))
    return (tx) =>
      takeStep(tx, { name: 'startVisit', visitId: VisitId.parse(visitId), to: 'WITH_DOCTOR' })
  },
}

const count = (): number => replica.countOutbox().queued
const byOf = (command: string): typeof DESK => (command === 'import' ? ADMIN : DESK)

if (name === 'any') {
  const kinds = Object.entries(COMMANDS)
  for (let number = count(); ; number += 1) {
    clock.set(START + number * 1_000)
    const [kind, prepare] = kinds[number % kinds.length] ?? ['check-in-new', newCheckIn]
    const make = prepare(replica, number)
    say('start', count())
    replica.commit(kind === 'start-visit' ? DOCTOR : byOf(kind), make)
    // An answer leaves in a turn of its own, after the watched views were told.
    await setImmediate()
    replica.read.visitsOfDay('2026-11-22')
    say('done', count())
  }
}

const prepare = COMMANDS[name]
if (prepare === undefined) throw new Error(`no such command: ${name}`)
const make = prepare(replica, count())
const statement = killBeforeStatement(store.db, Number(at))
say('start', count())
statement.arm()
replica.commit(name === 'start-visit' ? DOCTOR : byOf(name), make)
statement.reached()
say('done', count(), 'after', statement.count())
process.exit(0)

/** Counts what is run on the file, and kills this process just before the statement of that number. */
function killBeforeStatement(
  db: Database.Database,
  number: number,
): { arm: () => void; reached: () => void; count: () => number } {
  let isArmed = false
  let counted = 0
  const reached = (): void => {
    if (!isArmed) return
    if (counted === number) process.kill(process.pid, 'SIGKILL')
    counted += 1
  }
  const prototype: unknown = Object.getPrototypeOf(db.prepare('SELECT 1'))
  if (typeof prototype !== 'object' || prototype === null) throw new Error('no prototype')
  for (const method of ['run', 'get', 'all', 'iterate']) {
    const original: unknown = Reflect.get(prototype, method)
    if (typeof original !== 'function') throw new Error(`statements have no ${method}`)
    Reflect.set(prototype, method, function counting(this: unknown, ...values: unknown[]) {
      reached()
      return Reflect.apply(original, this, values) as unknown
    })
  }
  return { arm: () => void (isArmed = true), reached, count: () => counted }
}

import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { AppError } from '#shared/errors.ts'
import { ClinicId } from '#shared/ids.ts'
import type { ActionInput } from './contract/actions.ts'
import { FromStation, type ToStation } from './contract/messages.ts'
import { SessionView } from './contract/session-view.ts'
import type { Station } from './station.ts'

/** A desk of the demo, which makes itself ready: nobody need enrol it by hand. */
export const DemoDesk = z.strictObject({
  /** Of this machine alone: the demo's password is known to everybody. */
  serverUrl: z.string().regex(/^http:\/\/(127\.0\.0\.1|localhost):\d{1,5}$/),
  clinicId: ClinicId,
  /** Who may enrol a station. */
  admin: z.string().endsWith('@demo.dawr'),
  /** Shown on tickets and in the list of stations. */
  stationName: z.string().min(1).max(80),
  /** Who sits here. */
  email: z.string().endsWith('@demo.dawr'),
  /** The clinic's old list, as a CSV file, for the desk that brings it in. */
  patientList: z.string().nullable(),
})
export type DemoDesk = z.infer<typeof DemoDesk>

/**
 * Enrols the station in the demo clinic, once, brings in its list and signs its person in, by what a
 * window could do.
 *
 * @throws AppError with the code of the act that was refused; FORBIDDEN in a clinic that is no demo
 */
export async function prepareDemoDesk(
  station: Pick<Station, 'connect'>,
  desk: DemoDesk,
): Promise<void> {
  const window = openOwnWindow(station)
  try {
    await makeReady(window, desk)
  } finally {
    window.close()
  }
}

async function makeReady(
  window: ReturnType<typeof openOwnWindow>,
  { serverUrl, clinicId, admin, stationName, email, patientList }: DemoDesk,
): Promise<void> {
  const password = DEMO_PASSWORD
  const before = await window.session(() => true)
  if (before.status === 'NOT_ENROLLED') {
    await window.act('enrol', { serverUrl, email: admin, password, clinicId, stationName })
  }
  const locked = await window.session(({ status }) => status === 'LOCKED' || status === 'SIGNED_IN')
  if (!('clinic' in locked) || !locked.clinic.demo) throw new AppError('FORBIDDEN')
  if (before.status === 'NOT_ENROLLED' && patientList !== null) {
    const text = await readFile(patientList, 'utf8')
    await window.act('signIn', { email: admin, password })
    await window.act('importCsv', { fileName: basename(patientList), text })
  }
  await window.act('signIn', { email, password })
}

/** The station's contract as a window has it, without a window. */
function openOwnWindow(station: Pick<Station, 'connect'>) {
  const answers = new Map<number, (message: FromStation) => void>()
  let hear: (message: unknown) => void = () => undefined
  let end: () => void = () => undefined
  let lastId = 0
  station.connect({
    send(message) {
      const parsed = FromStation.parse(message)
      answers.get(parsed.id)?.(parsed)
    },
    onMessage: (listener) => void (hear = listener),
    onClose: (listener) => void (end = listener),
  })
  const ask = (message: ToStation, onAnswer: (message: FromStation) => void): void => {
    answers.set(message.id, onAnswer)
    hear(message)
  }
  return {
    act<A extends 'enrol' | 'signIn' | 'importCsv'>(name: A, input: ActionInput<A>): Promise<void> {
      const id = (lastId += 1)
      return new Promise((resolve, reject) => {
        ask({ type: 'act', id, name, input }, (message) => {
          answers.delete(id)
          if (message.type === 'refused') reject(new AppError(message.code, message.details))
          else resolve()
        })
      })
    },
    session(accept: (view: SessionView) => boolean): Promise<SessionView> {
      const id = (lastId += 1)
      return new Promise((resolve, reject) => {
        ask({ type: 'watch', id, query: 'session', params: {} }, (message) => {
          if (message.type === 'refused') reject(new AppError(message.code, message.details))
          if (message.type !== 'view') return
          const view = SessionView.parse(message.view)
          if (!accept(view)) return
          answers.delete(id)
          hear({ type: 'unwatch', id })
          resolve(view)
        })
      })
    },
    close: () => end(),
  }
}

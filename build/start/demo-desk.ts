import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { DEMO_PASSWORD } from '#shared/demo-password.ts'
import { DEMO_CLINICS } from '#server/clinics/demo-data.ts'
import { openDeskWindow, type DeskWindow } from './desk-window.ts'
import { ChildFailed } from './supervisor.ts'

/** Who may enrol a station. */
export const DEMO_ADMIN = 'admin@demo.dawr'

export interface DemoDesk {
  /** Of the development host, with its token. */
  url: string
  serverUrl: string
  /** Shown on tickets and in the list of stations. */
  name: string
  /** Who sits here: `reception@demo.dawr`. */
  email: string
  /** The clinic's old list, as a CSV file, for the desk that brings it in. */
  patientList: string | null
}

/** Milliseconds, the demo's patients and the first sync included. */
const READY_WITHIN = 240_000

/** Brings a desk into the demo clinic, once, and signs its person in. */
export async function prepareDesk(desk: DemoDesk): Promise<void> {
  const window = await openDeskWindow(desk.url)
  const late = new ChildFailed(`${desk.name} was not signed in within ${READY_WITHIN / 1000} s`)
  const deadline = setTimeout(() => window.close(late), READY_WITHIN)
  try {
    const before = await window.sessionIs('NOT_ENROLLED', 'OPENING', 'LOCKED', 'SIGNED_IN')
    if (before === 'NOT_ENROLLED') await enrol(window, desk)
    const { patientList } = desk
    if (before === 'NOT_ENROLLED' && patientList !== null) {
      await window.sessionIs('LOCKED', 'SIGNED_IN')
      await window.act('signIn', { email: DEMO_ADMIN, password: DEMO_PASSWORD })
      const text = await readFile(patientList, 'utf8')
      await window.act('importCsv', { fileName: basename(patientList), text })
    }
    await window.sessionIs('LOCKED', 'SIGNED_IN')
    await window.act('signIn', { email: desk.email, password: DEMO_PASSWORD })
  } finally {
    clearTimeout(deadline)
    window.close()
  }
}

async function enrol(window: DeskWindow, desk: DemoDesk): Promise<void> {
  const [clinic] = DEMO_CLINICS
  if (!clinic) throw new Error('there is no demo clinic')
  await window.act('enrol', {
    serverUrl: desk.serverUrl,
    email: DEMO_ADMIN,
    password: DEMO_PASSWORD,
    clinicId: clinic.clinicId,
    stationName: desk.name,
  })
}

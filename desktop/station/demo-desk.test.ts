import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ClinicId } from '#shared/ids.ts'
import { idOf } from '#shared/test-values.ts'
import { ToStation } from './contract/messages.ts'
import { DemoDesk, prepareDemoDesk } from './demo-desk.ts'
import type { Station } from './station.ts'

const DESK: DemoDesk = {
  serverUrl: 'http://127.0.0.1:4100',
  clinicId: ClinicId.parse(idOf(1)),
  admin: 'admin@demo.dawr',
  stationName: 'reception',
  email: 'reception@demo.dawr',
  patientList: null,
}

/** A station that answers by these rules, and remembers what was asked of it. */
function stationThat(rules: { enrolled: boolean; demo: boolean; refuses?: string }) {
  const acts: string[] = []
  let isOpen = true
  let { enrolled } = rules
  const clinic = {
    clinicId: DESK.clinicId,
    name: 'عيادات النيل',
    timeZone: 'Africa/Cairo',
    currency: 'EGP',
    digits: 'LATIN',
    waitAmberMinutes: 30,
    waitRedMinutes: 60,
    courtesyEnabled: true,
    demo: rules.demo,
  }
  const station: Pick<Station, 'connect'> = {
    connect(port) {
      const watches: number[] = []
      port.onClose(() => void (isOpen = false))
      const show = (): void => {
        const view = enrolled
          ? { status: 'LOCKED', clinic, stationName: 'reception' }
          : { status: 'NOT_ENROLLED', serverUrl: null }
        for (const id of watches) port.send({ type: 'view', id, view })
      }
      port.onMessage((data) => {
        const message = ToStation.parse(data)
        if (message.type === 'watch') {
          watches.push(message.id)
          show()
        }
        if (message.type !== 'act') return
        const { id, name, input } = message
        acts.push(`${name} ${Reflect.get(Object(input), 'email') ?? ''}`.trim())
        if (rules.refuses === name) {
          port.send({ type: 'refused', id, code: 'OFFLINE', details: {} })
          return
        }
        port.send({ type: 'done', id, output: {} })
        if (name !== 'enrol') return
        enrolled = true
        show()
      })
    },
  }
  return { station, acts, isOpen: () => isOpen }
}

test('a new desk is enrolled, brings in the list once, and has its person signed in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dawr-demo-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const patientList = join(folder, 'patients.csv')
  writeFileSync(patientList, 'الاسم\nهدى منصور\n')
  const first = stationThat({ enrolled: false, demo: true })
  await prepareDemoDesk(first.station, { ...DESK, patientList })
  expect(first.acts).toEqual([
    'enrol admin@demo.dawr',
    'signIn admin@demo.dawr',
    'importCsv',
    'signIn reception@demo.dawr',
  ])
  const again = stationThat({ enrolled: true, demo: true })
  await prepareDemoDesk(again.station, { ...DESK, patientList })
  expect(again.acts).toEqual(['signIn reception@demo.dawr'])
  expect([first.isOpen(), again.isOpen()]).toEqual([false, false])
})

test('a clinic that is no demo is left alone, and a refusal is told', async () => {
  const real = stationThat({ enrolled: true, demo: false })
  await expect(prepareDemoDesk(real.station, DESK)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(real.acts).toEqual([])
  const away = stationThat({ enrolled: false, demo: true, refuses: 'enrol' })
  await expect(prepareDemoDesk(away.station, DESK)).rejects.toMatchObject({ code: 'OFFLINE' })
  expect([real.isOpen(), away.isOpen()]).toEqual([false, false])
})

test('only a server of this machine and people of the demo are heard of', () => {
  for (const serverUrl of [
    'https://sync.example.org',
    'http://127.0.0.1.example.org:80',
    'http://10.0.0.1:80',
  ]) {
    expect(DemoDesk.safeParse({ ...DESK, serverUrl }).success).toBe(false)
  }
  expect(DemoDesk.safeParse({ ...DESK, email: 'mona@clinic.example' }).success).toBe(false)
  expect(DemoDesk.safeParse(DESK).success).toBe(true)
})

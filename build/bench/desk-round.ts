import type { ActionInput, ActionName, ActionOutput } from '#desktop/station/contract/actions.ts'
import type { PatientId } from '#shared/ids.ts'
import type { Patient } from '#shared/patient.ts'
import { DOCTORS, FEE } from './clinic.ts'
import type { BenchWindow } from './window.ts'

/** Milliseconds of each time a command was done, by what the desk calls it. */
export type Latencies = Map<string, number[]>

/** Who a round is about. */
export interface RoundPatients {
  readonly known: PatientId
  /** Whose names and phones new patients get. */
  readonly likeness: Patient
}

/** Milliseconds between two acts: time for the last one to be on its way while the next is made. */
const PAUSE_MS = 12

/** Every command of the desk once or more, on two visits that are over at its end. */
export async function workRound(
  window: BenchWindow,
  { known, likeness }: RoundPatients,
  latencies: Latencies,
): Promise<void> {
  async function act<A extends ActionName>(
    name: A,
    input: ActionInput<A>,
    label: string = name,
  ): Promise<ActionOutput<A>> {
    const start = performance.now()
    const output = await window.act(name, input)
    const times = latencies.get(label) ?? []
    latencies.set(label, times)
    times.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 * PAUSE_MS))
    return output
  }

  const [first, second] = DOCTORS
  if (first === undefined || second === undefined) throw new Error('two lines are needed')
  const { name, phones, nationalId, birthDate, sex, address } = likeness
  const draft = { name, phones, nationalId, birthDate, sex, fileNumber: null, address, note: null }
  const visit = { doctorId: first.userId, visitType: 'EXAMINATION', priority: 'NORMAL' } as const
  const half = { minor: FEE.minor / 2, currency: FEE.currency }

  const { patientId } = await act('registerPatient', { draft })
  await act('editPatient', { patientId, changes: { note: 'يفضل الاتصال بعد العصر' } })
  const one = await act(
    'checkIn',
    {
      ...visit,
      patient: { kind: 'KNOWN', patientId: known },
      payment: { amount: half, method: 'CASH' },
    },
    'checkIn, known, with payment',
  )
  const two = await act(
    'checkIn',
    { ...visit, patient: { kind: 'NEW', draft }, payment: { amount: FEE, method: 'CASH' } },
    'checkIn, new, with payment',
  )
  const { visitId } = one
  await act('setPriority', { visitId, priority: 'URGENT', reason: 'ألم' })
  await act('skip', { visitId })
  await act('changeLine', { visitId, doctorId: second.userId })
  await act('call', { visitId })
  await act('takePayment', { visitId, amount: half, method: 'CASH' })
  await act('startVisit', { visitId, to: 'WITH_ASSISTANT' })
  await act('sendToDoctor', { visitId })
  await act('returnToLine', { visitId })
  await act('startVisit', { visitId, to: 'WITH_DOCTOR' })
  await act('finishVisit', { visitId })
  await act('markNoShow', { visitId: two.visitId })
  await act('recall', { visitId: two.visitId })
  await act('cancel', { visitId: two.visitId, reason: null })
  await act('undoLast', {})
  await act('cancel', { visitId: two.visitId, reason: 'غادر' })
}

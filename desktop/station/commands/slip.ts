import { AppError } from '#shared/errors.ts'
import type { VisitId } from '#shared/ids.ts'
import type { Slip } from '../contract/slip.ts'
import type { Replica } from '../replica/replica.ts'
import { lineAmong } from './line.ts'
import { formatReceipt } from './money.ts'
import { accountOf } from './paid.ts'
import { toldWait } from './told-wait.ts'
import { ticketText } from './ticket-text.ts'

/**
 * What the slip of a visit says now. `before` counts those in front in this doctor's line.
 *
 * @throws AppError NOT_FOUND
 */
export function slipOf(
  replica: Pick<Replica, 'read' | 'now'>,
  visitId: VisitId,
  seesMoney: boolean,
): Slip {
  const { read } = replica
  const visit = read.visit(visitId)
  const patient = visit === null ? null : read.patient(visit.patientId)
  if (visit === null || patient === null) throw new AppError('NOT_FOUND')
  const doctor = read.doctors().find(({ doctorId }) => doctorId === visit.doctorId)
  const ofDay = read.visitsOfDay(visit.queueDay)
  const line = lineAmong(ofDay, visit.doctorId, read.settings())
  const before = Math.max(
    0,
    line.findIndex(({ id }) => id === visitId),
  )
  const of = { doctorId: visit.doctorId, before }
  const entries = seesMoney ? read.entriesOfVisit(visitId) : []
  const latest = entries
    .flatMap(({ at, body }) => (body.kind === 'PAYMENT' ? [{ at, receipt: body.receipt }] : []))
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))[0]
  return {
    clinicName: read.settings().name,
    ticket: ticketText(read, visit.ticket),
    patientName: patient.name,
    doctorName: doctor?.name ?? '',
    room: doctor?.room ?? '',
    before,
    turn: before === 0 ? null : toldWait(ofDay, of, replica.now()),
    printedAt: new Date(replica.now()).toISOString(),
    queueDay: visit.queueDay,
    paid: latest === undefined ? null : accountOf(visit, entries).net,
    receipt: latest === undefined ? null : formatReceipt(latest.receipt),
  }
}

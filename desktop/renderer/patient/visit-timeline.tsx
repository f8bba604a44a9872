import { useState } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { can } from '#shared/roles.ts'
import { useDesk } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { LtrRun, Run } from '../ui/run.tsx'
import { RefundForm } from './refund-form.tsx'

type PatientVisit = QueryView<'patient'>['visits'][number]
type PaymentEntry = PatientVisit['payments'][number]

/** The visits of a patient, latest first, each with its money. */
export function VisitTimeline(props: { visits: readonly PatientVisit[] }) {
  const text = useText()
  return (
    <section aria-label={text('patient.visits')}>
      <h3 className="patient-heading">{text('patient.visits')}</h3>
      {props.visits.length === 0 && <p className="field-hint">{text('patient.noVisits')}</p>}
      <ol className="timeline">
        {props.visits.map((visit) => (
          <TimelineVisit key={visit.visitId} visit={visit} />
        ))}
      </ol>
    </section>
  )
}

function TimelineVisit(props: { visit: PatientVisit }) {
  const text = useText()
  const formats = useFormats()
  const { session } = useDesk()
  const { visit } = props
  const mayRefund = can(session.person.roles, visit.status, 'REFUND') && keptOf(visit) > 0
  return (
    <li className="timeline-visit" data-status={visit.status}>
      <div className="timeline-first">
        <strong>{formats.day(visit.queueDay)}</strong>
        <span>{text(`visitType.${visit.type}`)}</span>
        <Run>{visit.doctorName}</Run>
        <span className="timeline-status">{text(`status.${visit.status}`)}</span>
      </div>
      <div className="timeline-second">
        <span>{text('patient.ticket', { ticket: formats.digits(visit.ticket) })}</span>
        <LtrRun>{formats.time(visit.arrivedAt)}</LtrRun>
        {visit.paid !== null && <span data-paid={visit.paid}>{text(`paid.${visit.paid}`)}</span>}
      </div>
      {visit.payments.map((payment) => (
        <TimelinePayment
          key={payment.entryId}
          payment={payment}
          refundable={mayRefund && payment.kind === 'PAYMENT'}
        />
      ))}
    </li>
  )
}

/** What the clinic still has of a visit's money, in minor units; the station judges each refund. */
function keptOf(visit: PatientVisit): number {
  return visit.payments.reduce(
    (kept, { kind, amount }) => kept + (kind === 'PAYMENT' ? amount.minor : -amount.minor),
    0,
  )
}

function TimelinePayment(props: { payment: PaymentEntry; refundable: boolean }) {
  const text = useText()
  const formats = useFormats()
  const [refunding, setRefunding] = useState(false)
  const { payment, refundable } = props
  return (
    <div className="timeline-payment" data-kind={payment.kind}>
      <div className="timeline-second">
        <span>{text(payment.kind === 'PAYMENT' ? 'patient.payment' : 'patient.refundEntry')}</span>
        <strong>{formats.money(payment.amount)}</strong>
        <span>{text(`method.${payment.method}`)}</span>
        {payment.receipt !== null && (
          <span>{text('patient.receipt', { receipt: formats.digits(payment.receipt) })}</span>
        )}
        <span>{text('patient.by', { name: payment.byName })}</span>
        {refundable && !refunding && (
          <button
            type="button"
            className="button timeline-refund"
            data-size="small"
            data-kind="quiet"
            data-testid={`refund-${payment.receipt ?? payment.entryId}`}
            onClick={() => setRefunding(true)}
          >
            {text('patient.refund')}
          </button>
        )}
      </div>
      {refunding && <RefundForm payment={payment} onDone={() => setRefunding(false)} />}
    </div>
  )
}

import { useState } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
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
  const { visit } = props
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
          // What was given back already; the station checks it per payment.
          refundable={payment.kind === 'PAYMENT'}
        />
      ))}
    </li>
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

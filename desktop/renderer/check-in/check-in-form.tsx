import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react'
import { useEffectEvent, useLayoutEffect, useRef, useState, type SubmitEvent } from 'react'
import type { ActionInput, ActionOutput } from '#desktop/station/contract/actions.ts'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import type { PaymentMethod } from '#shared/entry.ts'
import type { UserId } from '#shared/ids.ts'
import type { Money } from '#shared/money.ts'
import { Priority, VisitType } from '#shared/visit.ts'
import { useWatch } from '../station-client/station-context.tsx'
import { Choices } from '../ui/choices.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { Run } from '../ui/run.tsx'
import { PaymentFields, usePayment } from './payment-fields.tsx'

type Patient = ActionInput<'checkIn'>['patient']
type Proposal = QueryView<'proposal'>

interface Chosen {
  doctorId: UserId | null
  visitType: VisitType | null
  priority: Priority
}

/** The proposed doctor, type and price: Enter takes them; then Enter takes the money and prints. */
export function CheckInForm(props: {
  patient: Patient
  name: string
  /** Whether Enter was pressed before this step could take it. */
  takeEarlyEnter: () => boolean
  onDone: (output: ActionOutput<'checkIn'>) => void
}) {
  const perform = usePerform()
  const [chosen, setChosen] = useState<Chosen>({
    doctorId: null,
    visitType: null,
    priority: 'NORMAL',
  })
  const [paying, setPaying] = useState(false)
  const sending = useRef(false)
  const proposal = useProposal(props.patient, chosen.doctorId)
  if (proposal === null) return <div className="check-in-form" />

  const doctor =
    proposal.doctors.find(({ doctorId }) => doctorId === (chosen.doctorId ?? proposal.doctorId)) ??
    proposal.doctors[0]
  const visitType = chosen.visitType ?? proposal.visitType
  const price = doctor?.prices.find((each) => each.visitType === visitType)?.amount ?? null
  const checkIn = async (payment: ActionInput<'checkIn'>['payment']): Promise<void> => {
    if (doctor === undefined || sending.current) return
    sending.current = true
    const result = await perform('checkIn', {
      patient: props.patient,
      doctorId: doctor.doctorId,
      visitType,
      priority: chosen.priority,
      payment,
    })
    sending.current = false
    if (result.ok) props.onDone(result.output)
  }
  if (paying && price !== null) {
    return (
      <PayStep
        due={price}
        takeEarlyEnter={props.takeEarlyEnter}
        onPay={(payment) => void checkIn(payment)}
        onLater={() => void checkIn(null)}
      />
    )
  }
  return (
    <ProposalStep
      proposal={proposal}
      name={props.name}
      doctorId={doctor?.doctorId ?? null}
      visitType={visitType}
      priority={chosen.priority}
      price={price}
      takeEarlyEnter={props.takeEarlyEnter}
      onChange={(changes) => setChosen({ ...chosen, ...changes })}
      onNext={() => {
        if (price !== null && price.minor > 0) setPaying(true)
        else void checkIn(null)
      }}
      onLater={() => void checkIn(null)}
    />
  )
}

/** The proposal for this patient and doctor; the last one stays while the next is on its way. */
function useProposal(patient: Patient, doctorId: UserId | null): Proposal | null {
  const patientId = patient.kind === 'KNOWN' ? patient.patientId : null
  const { view } = useWatch('proposal', { patientId, doctorId })
  const last = useRef<Proposal | null>(null)
  if (view !== null) last.current = view
  return last.current
}

function ProposalStep(props: {
  proposal: Proposal
  name: string
  doctorId: UserId | null
  visitType: VisitType
  priority: Priority
  price: Money | null
  takeEarlyEnter: () => boolean
  onChange: (changes: Partial<Chosen>) => void
  onNext: () => void
  onLater: () => void
}) {
  const text = useText()
  const formats = useFormats()
  const { proposal, doctorId, visitType, price } = props
  const form = useEarlyEnter(props.takeEarlyEnter)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (doctorId !== null) props.onNext()
  }
  if (doctorId === null) {
    return (
      <p className="notice" data-tone="doubt">
        {text('checkIn.noDoctors')}
      </p>
    )
  }
  const prices = proposal.doctors.find((each) => each.doctorId === doctorId)?.prices ?? []
  const priceText = (type: VisitType): string => {
    const amount = prices.find((each) => each.visitType === type)?.amount
    if (amount === undefined) return text('checkIn.noPrice')
    return amount.minor === 0 ? text('checkIn.free') : formats.money(amount)
  }
  const costs = price !== null && price.minor > 0
  return (
    <form className="check-in-form" data-testid="proposal" ref={form} onSubmit={submit}>
      <CheckedInToday proposal={proposal} name={props.name} />
      <Choices
        label={text('checkIn.doctor')}
        name="doctor"
        value={doctorId}
        onChange={(next) => props.onChange({ doctorId: next, visitType: null })}
        focusFirst
        choices={proposal.doctors.map((doctor) => ({
          value: doctor.doctorId,
          label: <Run>{doctor.name}</Run>,
          hint: [
            text('count.waiting', { count: doctor.waiting }),
            ...(doctor.waiting === 0
              ? []
              : [
                  text('checkIn.turn', {
                    from: formats.time(doctor.turn.from),
                    to: formats.time(doctor.turn.to),
                  }),
                ]),
          ].join(' · '),
        }))}
      />
      <Choices
        label={text('checkIn.type')}
        name="visit-type"
        value={visitType}
        onChange={(next) => props.onChange({ visitType: next })}
        choices={VisitType.options.map((type) => ({
          value: type,
          label: text(`visitType.${type}`),
          hint: priceText(type),
        }))}
      />
      {proposal.daysSinceExamination !== null && visitType === 'FOLLOW_UP' && (
        <p className="notice" data-tone="calm">
          <IconInfoCircle size="1.125rem" aria-hidden />
          {text('checkIn.followUpBecause', {
            days: text('count.days', { count: proposal.daysSinceExamination }),
          })}
        </p>
      )}
      <Choices
        label={text('checkIn.priority')}
        name="priority"
        value={props.priority}
        onChange={(next) => props.onChange({ priority: next })}
        choices={Priority.options
          .filter((priority) => priority !== 'COURTESY' || proposal.courtesyEnabled)
          .map((priority) => ({
            value: priority,
            label: text(`priority.${priority}`),
            hint: text(`priority.hint.${priority}`),
          }))}
      />
      <div className="check-in-buttons">
        <button type="submit" className="button" data-kind="primary" data-testid="take-proposal">
          {costs ? text('checkIn.toPayment') : text('checkIn.confirm')}
          <kbd>{text('key.enter')}</kbd>
        </button>
        {costs && (
          <button type="button" className="button" data-testid="pay-later" onClick={props.onLater}>
            {text('checkIn.payLater')}
          </button>
        )}
        <span className="check-in-price">{priceText(visitType)}</span>
      </div>
    </form>
  )
}

function CheckedInToday(props: { proposal: Proposal; name: string }) {
  const text = useText()
  const formats = useFormats()
  return props.proposal.today.map(({ visitId, ticket, doctorName, status }) => (
    <p
      className="notice"
      data-tone="doubt"
      role="alert"
      key={visitId}
      data-testid="checked-in-today"
    >
      <IconAlertTriangle size="1.125rem" aria-hidden />
      {text('checkIn.againToday', {
        name: props.name,
        ticket: formats.digits(ticket),
        doctor: doctorName,
        status: text(`status.${status}`),
      })}
    </p>
  ))
}

/** Submits the form at once when its Enter came early. */
function useEarlyEnter(takeEarlyEnter: () => boolean) {
  const form = useRef<HTMLFormElement>(null)
  const submitEarly = useEffectEvent(() => {
    if (takeEarlyEnter()) form.current?.requestSubmit()
  })
  // With the form itself, so that no key comes between.
  useLayoutEffect(() => submitEarly(), [])
  return form
}

function PayStep(props: {
  due: Money
  takeEarlyEnter: () => boolean
  onPay: (payment: { amount: Money; method: PaymentMethod }) => void
  onLater: () => void
}) {
  const text = useText()
  const formats = useFormats()
  const payment = usePayment(props.due)
  const form = useEarlyEnter(props.takeEarlyEnter)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (payment.value !== null) props.onPay(payment.value)
  }
  const amount = payment.value?.amount ?? props.due
  return (
    <form className="check-in-form" data-testid="pay-step" ref={form} onSubmit={submit}>
      <PaymentFields payment={payment} />
      <div className="check-in-buttons">
        <button type="submit" className="button" data-kind="primary" data-testid="pay-and-print">
          {text('checkIn.payAndPrint', { amount: formats.money(amount) })}
          <kbd>{text('key.enter')}</kbd>
        </button>
        <button type="button" className="button" data-testid="pay-later" onClick={props.onLater}>
          {text('checkIn.payLater')}
        </button>
      </div>
    </form>
  )
}

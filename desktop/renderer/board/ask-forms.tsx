import { useState, type ReactNode, type SubmitEvent } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import type { UserId, VisitId } from '#shared/ids.ts'
import { Priority } from '#shared/visit.ts'
import { useWatch } from '../station-client/station-context.tsx'
import { Choices } from '../ui/choices.tsx'
import { useDesk } from '../ui/desk-context.tsx'
import { Field } from '../ui/field.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'
import { useBoardHands, type Place } from './board-context.ts'
import { placeOf, placesOf } from './places.ts'

function AskFrame(props: {
  title: string
  submit: string
  ready: boolean
  onSubmit: () => void
  children: ReactNode
}) {
  const text = useText()
  const hands = useBoardHands()
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (props.ready) props.onSubmit()
  }
  return (
    <form className="ask" onSubmit={submit}>
      <strong>{props.title}</strong>
      {props.children}
      <div className="ask-buttons">
        <button type="submit" className="button" data-kind="primary" disabled={!props.ready}>
          {props.submit}
        </button>
        <button type="button" className="button" data-kind="quiet" onClick={hands.closePopover}>
          {text('action.back')}
        </button>
      </div>
    </form>
  )
}

const PRIORITY_REASONS = ['pain', 'doctorAsked', 'elderly', 'pregnant'] as const
const CANCEL_REASONS = ['left', 'mistake'] as const
const PLACE_REASONS = ['agreed', 'doctorAsked', 'results'] as const
const LINE_REASONS = ['doctorAsked', 'doctorFree', 'mistake'] as const

type Preset = (
  | typeof PRIORITY_REASONS
  | typeof CANCEL_REASONS
  | typeof PLACE_REASONS
  | typeof LINE_REASONS
)[number]

function ReasonField(props: {
  label: string
  reason: string
  presets: readonly Preset[]
  focusFirst?: boolean
  onChange: (reason: string) => void
}) {
  const text = useText()
  return (
    <>
      <Field
        label={props.label}
        maxLength={200}
        data-testid="reason"
        focusOnMount={props.focusFirst === true}
        value={props.reason}
        onChange={(event) => props.onChange(event.target.value)}
      />
      <div className="ask-presets">
        {props.presets.map((preset) => (
          <button
            key={preset}
            type="button"
            className="button"
            data-size="small"
            onClick={() => props.onChange(text(`reason.preset.${preset}`))}
          >
            {text(`reason.preset.${preset}`)}
          </button>
        ))}
      </div>
    </>
  )
}

export function AskPriority(props: { row: VisitRow }) {
  const text = useText()
  const { courtesyEnabled } = useDesk().session.clinic
  const hands = useBoardHands()
  const { row } = props
  const [priority, setPriority] = useState<Priority>(
    row.priority === 'NORMAL' ? 'URGENT' : 'NORMAL',
  )
  const [reason, setReason] = useState('')
  return (
    <AskFrame
      title={text('reason.title.SET_PRIORITY', { name: row.name })}
      submit={text('action.save')}
      ready={reason.trim() !== ''}
      onSubmit={() => hands.run(row, { step: 'SET_PRIORITY', priority, reason: reason.trim() })}
    >
      <Choices
        label={text('checkIn.priority')}
        name="row-priority"
        value={priority}
        onChange={setPriority}
        focusFirst
        choices={Priority.options
          .filter((value) => value !== 'COURTESY' || courtesyEnabled)
          .map((value) => ({ value, label: text(`priority.${value}`) }))}
      />
      <ReasonField
        label={text('reason.why')}
        reason={reason}
        presets={PRIORITY_REASONS}
        onChange={setReason}
      />
    </AskFrame>
  )
}

export function AskCancel(props: { row: VisitRow }) {
  const text = useText()
  const hands = useBoardHands()
  const { row } = props
  const [reason, setReason] = useState('')
  return (
    <AskFrame
      title={text('reason.title.CANCEL', { name: row.name })}
      submit={text('step.CANCEL')}
      ready
      onSubmit={() =>
        hands.run(row, { step: 'CANCEL', reason: reason.trim() === '' ? null : reason.trim() })
      }
    >
      <ReasonField
        label={text('reason.optional')}
        reason={reason}
        presets={CANCEL_REASONS}
        onChange={setReason}
      />
    </AskFrame>
  )
}

export function AskPlace(props: { row: VisitRow; place: Place | undefined }) {
  const text = useText()
  const formats = useFormats()
  const hands = useBoardHands()
  const { clinic } = useDesk().session
  const { view: board } = useWatch('board', {})
  const { row } = props
  const waiting = board?.lines.find(({ doctorId }) => doctorId === row.doctorId)?.waiting ?? []
  const places = placesOf(waiting, row.visitId, clinic)
  const [chosen, setChosen] = useState<VisitId | null | undefined>(undefined)
  const [reason, setReason] = useState('')
  const isOffered = places.some(({ before }) => before === chosen)
  const before = isOffered ? chosen : placeOf(places, props.place)?.before
  const nameOf = (id: VisitId | null): string => {
    const other = waiting.find(({ visitId }) => visitId === id)
    if (other === undefined) return text('place.last')
    if (other === waiting[0]) return text('place.first')
    const ticket = formats.digits(other.ticket)
    return text('place.before', { ticket, name: other.name })
  }
  return (
    <AskFrame
      title={text('reason.title.REORDER', { name: row.name })}
      submit={text('step.REORDER')}
      ready={before !== undefined && reason.trim() !== ''}
      onSubmit={() => {
        if (before === undefined) return
        hands.run(row, { step: 'REORDER', before, reason: reason.trim() })
      }}
    >
      {before === undefined ? (
        <span className="field-hint">{text('place.none')}</span>
      ) : (
        <label className="field">
          <span className="field-label">{text('place.label')}</span>
          <select
            className="field-input"
            data-testid="place"
            data-autofocus={props.place === undefined ? true : undefined}
            value={before ?? ''}
            onChange={({ target }) =>
              setChosen(places.find((place) => (place.before ?? '') === target.value)?.before)
            }
          >
            {places.map((place) => (
              <option key={place.before ?? ''} value={place.before ?? ''}>
                {nameOf(place.before)}
              </option>
            ))}
          </select>
        </label>
      )}
      <ReasonField
        label={text('reason.why')}
        reason={reason}
        presets={PLACE_REASONS}
        focusFirst={props.place !== undefined}
        onChange={setReason}
      />
    </AskFrame>
  )
}

export function AskLine(props: { row: VisitRow; place: Place | undefined }) {
  const text = useText()
  const hands = useBoardHands()
  const { view: board } = useWatch('board', {})
  const { row } = props
  const others = board?.lines.filter(({ doctorId }) => doctorId !== row.doctorId) ?? []
  const put = props.place !== undefined && 'doctorId' in props.place ? props.place.doctorId : null
  const [chosen, setChosen] = useState<UserId | null>(put)
  const [reason, setReason] = useState('')
  const line = others.find(({ doctorId }) => doctorId === chosen) ?? others[0]
  return (
    <AskFrame
      title={text('reason.title.MOVE_LINE', { name: row.name })}
      submit={text('step.MOVE_LINE')}
      ready={line !== undefined}
      onSubmit={() => {
        if (line === undefined) return
        hands.run(row, {
          step: 'MOVE_LINE',
          doctorId: line.doctorId,
          doctorName: line.doctorName,
          reason: reason.trim() === '' ? null : reason.trim(),
        })
      }}
    >
      <Choices
        label={text('checkIn.doctor')}
        name="row-line"
        value={line?.doctorId ?? null}
        onChange={setChosen}
        focusFirst
        choices={others.map(({ doctorId, doctorName, waiting }) => ({
          value: doctorId,
          label: <Run>{doctorName}</Run>,
          hint: text('count.waiting', { count: waiting.length }),
        }))}
      />
      <ReasonField
        label={text('reason.optional')}
        reason={reason}
        presets={LINE_REASONS}
        onChange={setReason}
      />
    </AskFrame>
  )
}

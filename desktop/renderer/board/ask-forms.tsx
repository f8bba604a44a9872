import { useState, type ReactNode, type SubmitEvent } from 'react'
import type { VisitRow } from '#desktop/station/contract/queries.ts'
import type { UserId } from '#shared/ids.ts'
import { Priority } from '#shared/visit.ts'
import { useWatch } from '../station-client/station-context.tsx'
import { Choices } from '../ui/choices.tsx'
import { Field } from '../ui/field.tsx'
import { useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'
import { useBoardHands } from './board-context.ts'

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

function ReasonField(props: {
  label: string
  reason: string
  presets: ReadonlyArray<(typeof PRIORITY_REASONS)[number] | (typeof CANCEL_REASONS)[number]>
  onChange: (reason: string) => void
}) {
  const text = useText()
  return (
    <>
      <Field
        label={props.label}
        maxLength={200}
        data-testid="reason"
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
        choices={Priority.options.map((value) => ({ value, label: text(`priority.${value}`) }))}
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

export function AskLine(props: { row: VisitRow }) {
  const text = useText()
  const hands = useBoardHands()
  const { view: board } = useWatch('board', {})
  const { row } = props
  const others = board?.lines.filter(({ doctorId }) => doctorId !== row.doctorId) ?? []
  const [chosen, setChosen] = useState<UserId | null>(null)
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
    </AskFrame>
  )
}

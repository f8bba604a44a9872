import { useState, type KeyboardEvent } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { Sex } from '#shared/patient.ts'
import { useDesk } from '../ui/desk-context.tsx'
import { useFocusOnMount } from '../ui/focus-on-mount.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { LtrRun, Run } from '../ui/run.tsx'
import { changeOf, editableValue, type TypedField } from './field-values.ts'

type Patient = QueryView<'patient'>

const FIELDS: readonly TypedField[] = [
  'name',
  'phones',
  'nationalId',
  'birthDate',
  'fileNumber',
  'address',
  'note',
]

/** Each field is saved by itself: what two people change at once is not one big conflict. */
export function PatientIdentity(props: { patient: Patient }) {
  const text = useText()
  return (
    <section aria-label={text('patient.identity')}>
      <dl className="identity">
        {FIELDS.map((field) => (
          <IdentityField key={field} field={field} patient={props.patient} />
        ))}
        <SexField patient={props.patient} />
      </dl>
    </section>
  )
}

function IdentityField(props: { field: TypedField; patient: Patient }) {
  const text = useText()
  const [editing, setEditing] = useState(false)
  /** Ended by a key: the focus stays on the field. By a click elsewhere, it is there. */
  const [byKey, setByKey] = useState(false)
  const { field } = props
  const label = text(`field.${field}`)
  return (
    <div className="identity-row">
      <dt>{label}</dt>
      <dd>
        {editing ? (
          <FieldEditor
            {...props}
            label={label}
            onDone={(endedByKey) => {
              setByKey(endedByKey)
              setEditing(false)
            }}
          />
        ) : (
          <ValueButton {...props} label={label} focused={byKey} onEdit={() => setEditing(true)} />
        )}
      </dd>
    </div>
  )
}

function ValueButton(props: {
  field: TypedField
  patient: Patient
  label: string
  focused: boolean
  onEdit: () => void
}) {
  const text = useText()
  const element = useFocusOnMount<HTMLButtonElement>(props.focused)
  return (
    <button
      ref={element}
      type="button"
      className="identity-value"
      disabled={!props.patient.mayEdit}
      data-testid={`edit-${props.field}`}
      onClick={props.onEdit}
    >
      <span className="visually-hidden">{text('patient.editField', { field: props.label })}</span>
      <FieldValue field={props.field} patient={props.patient} />
    </button>
  )
}

function FieldValue(props: { field: TypedField; patient: Patient }) {
  const text = useText()
  const formats = useFormats()
  const { field, patient } = props
  const { draft } = patient
  if (field === 'phones' && draft.phones.length > 0) {
    return draft.phones.map((phone) => (
      <LtrRun key={phone} className="identity-phone">
        {formats.phone(phone)}
      </LtrRun>
    ))
  }
  const value = editableValue(draft, field)
  if (value === '') return <span className="identity-empty">{text('patient.empty')}</span>
  if (field === 'birthDate') return <>{formats.day(value)}</>
  if (field === 'nationalId' || field === 'fileNumber') {
    return <LtrRun>{formats.digits(value)}</LtrRun>
  }
  return <Run>{value}</Run>
}

const LEFT_TO_RIGHT: ReadonlySet<TypedField> = new Set(['phones', 'nationalId', 'birthDate'])

function FieldEditor(props: {
  field: TypedField
  patient: Patient
  label: string
  onDone: (endedByKey: boolean) => void
}) {
  const { field, patient, onDone } = props
  const perform = usePerform()
  const { session } = useDesk()
  const before = editableValue(patient.draft, field)
  const [typed, setTyped] = useState(before)
  const [bad, setBad] = useState(false)
  const element = useFocusOnMount<HTMLInputElement>(true)

  const save = (byKey: boolean): void => {
    if (typed.trim() === before) {
      onDone(byKey)
      return
    }
    const changes = changeOf(field, typed, session.queueDay)
    if (changes === null) {
      setBad(true)
      return
    }
    void perform('editPatient', { patientId: patient.patientId, changes }).then((result) => {
      if (result.ok) onDone(byKey)
    })
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.code === 'Escape') {
      // Escape gives up this field, not the whole panel.
      event.stopPropagation()
      onDone(true)
    }
    if (event.code === 'Enter' || event.code === 'NumpadEnter') {
      event.preventDefault()
      save(true)
    }
  }
  return (
    <input
      ref={element}
      className="field-input"
      dir={LEFT_TO_RIGHT.has(field) ? 'ltr' : 'auto'}
      aria-label={props.label}
      aria-invalid={bad ? true : undefined}
      data-testid={`input-${field}`}
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value)
        setBad(false)
      }}
      onBlur={() => save(false)}
      onKeyDown={onKeyDown}
    />
  )
}

function SexField(props: { patient: Patient }) {
  const text = useText()
  const perform = usePerform()
  const { patientId, draft, mayEdit } = props.patient
  return (
    <div className="identity-row">
      <dt>{text('field.sex')}</dt>
      <dd className="identity-sex">
        {Sex.options.map((sex) => (
          <button
            key={sex}
            type="button"
            className="button"
            data-size="small"
            data-kind={draft.sex === sex ? undefined : 'quiet'}
            aria-pressed={draft.sex === sex}
            disabled={!mayEdit}
            onClick={() => void perform('editPatient', { patientId, changes: { sex } })}
          >
            {text(`sex.${sex}`)}
          </button>
        ))}
      </dd>
    </div>
  )
}

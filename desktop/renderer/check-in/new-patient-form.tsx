import { useState, type SubmitEvent } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { normaliseArabic } from '#shared/arabic.ts'
import { otherLayoutReadings } from '#shared/keyboard-layout.ts'
import { GOVERNORATES } from '#shared/national-id.ts'
import { Sex, type PatientDraft } from '#shared/patient.ts'
import { normalisePhone } from '#shared/phone.ts'
import { useWatch } from '../station-client/station-context.tsx'
import { Choices } from '../ui/choices.tsx'
import { Field } from '../ui/field.tsx'
import { ageWords } from '../ui/age.ts'
import { parseBirthDate } from '../ui/formats.ts'
import { useFormats, useLocale, useText } from '../ui/locale-context.tsx'
import { LtrRun, Run } from '../ui/run.tsx'
import { isolate } from '../ui/texts.ts'
import {
  draftOf,
  prefilledForm,
  problemsOf,
  readNationalId,
  withNationalId,
  type NewPatientForm as Form,
} from './new-patient.ts'

type Hit = QueryView<'search'>['hits'][number]

/** A patient nobody has met yet: a name is enough, the rest as far as it is known. */
export function NewPatientForm(props: {
  searched: string
  today: string
  onDraft: (draft: PatientDraft) => void
  onRegister: (draft: PatientDraft) => void
  onKnown: (hit: Hit) => void
}) {
  const text = useText()
  const [form, setForm] = useState<Form>(() => prefilledForm(props.searched))
  const [tried, setTried] = useState(false)
  const change = (changes: Partial<Form>): void => setForm({ ...form, ...changes })
  const problems = problemsOf(form, props.today)
  const send = (take: (draft: PatientDraft) => void): void => {
    const draft = draftOf(form, props.today)
    if (draft === null) setTried(true)
    else take(draft)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    send(props.onDraft)
  }
  return (
    <form className="check-in-form" data-testid="new-patient-form" onSubmit={submit} noValidate>
      <KnownAlready form={form} onKnown={props.onKnown} />
      <div className="form-grid">
        <div className="form-wide">
          <NameField form={form} change={change} bad={tried && problems.name} />
        </div>
        <PhoneField form={form} change={change} />
        <NationalIdField form={form} onChange={(typed) => setForm(withNationalId(form, typed))} />
        <BirthDateField form={form} change={change} today={props.today} bad={problems.birthDate} />
        <Choices
          label={text('field.sex')}
          name="sex"
          value={form.sex}
          onChange={(sex) => change({ sex })}
          choices={Sex.options.map((sex) => ({ value: sex, label: text(`sex.${sex}`) }))}
        />
        <Field
          label={text('field.fileNumber')}
          maxLength={30}
          value={form.fileNumber}
          data-testid="field-fileNumber"
          onChange={(event) => change({ fileNumber: event.target.value })}
        />
        <Field
          label={text('field.address')}
          maxLength={200}
          value={form.address}
          data-testid="field-address"
          onChange={(event) => change({ address: event.target.value })}
        />
      </div>
      <div className="check-in-buttons">
        <button type="submit" className="button" data-kind="primary" data-testid="new-patient-next">
          {text('action.continue')}
          <kbd>{text('key.enter')}</kbd>
        </button>
        <button
          type="button"
          className="button"
          data-kind="quiet"
          data-testid="register-only"
          onClick={() => send(props.onRegister)}
        >
          {text('checkIn.register')}
        </button>
      </div>
    </form>
  )
}

interface Part {
  form: Form
  change: (changes: Partial<Form>) => void
}

function NameField({ form, change, bad }: Part & { bad: boolean }) {
  const text = useText()
  // A Latin name may be meant: the reading is offered, never taken.
  const reading = otherLayoutReadings(form.name)[0]
  const offered = reading !== undefined && /^[\u0621-\u064a ]{3,}$/.test(reading) ? reading : null
  return (
    <div className="name-field">
      <Field
        label={text('field.name')}
        dir="auto"
        focusOnMount={form.name === '' || form.phone === ''}
        maxLength={120}
        value={form.name}
        data-testid="field-name"
        onChange={(event) => change({ name: event.target.value })}
        hint={bad ? text('checkIn.nameShort') : null}
        tone="trouble"
      />
      {offered !== null && (
        <button
          type="button"
          className="button"
          data-size="small"
          onClick={() => change({ name: offered })}
        >
          {text('checkIn.didYouMean', { name: offered })}
        </button>
      )}
    </div>
  )
}

function PhoneField({ form, change }: Part) {
  const text = useText()
  const read = normalisePhone(form.phone)
  const odd = read?.kind === 'UNRECOGNISED' && read.number.length >= 8
  return (
    <Field
      label={text('field.phones')}
      type="tel"
      dir="ltr"
      maxLength={30}
      value={form.phone}
      data-testid="field-phone"
      onChange={(event) => change({ phone: event.target.value })}
      hint={odd ? text('checkIn.phoneOdd') : null}
      tone="doubt"
    />
  )
}

function NationalIdField(props: { form: Form; onChange: (typed: string) => void }) {
  const { text, language, formats } = useLocale()
  const read = readNationalId(props.form.nationalId)
  const long = props.form.nationalId.trim().length >= 14
  const hint =
    read === null || (!read.ok && !long)
      ? null
      : !read.ok
        ? text(`nationalId.${read.code}`)
        : read.warnings.length > 0
          ? text('checkIn.nationalIdDoubt')
          : text('checkIn.nationalIdRead', {
              day: formats.day(read.birthDate),
              sex: text(`sex.${read.sex}`),
              place: GOVERNORATES[read.governorate][language],
            })
  const calm = read?.ok === true && read.warnings.length === 0
  return (
    <Field
      label={text('field.nationalId')}
      inputMode="numeric"
      dir="ltr"
      maxLength={20}
      value={props.form.nationalId}
      data-testid="field-nationalId"
      onChange={(event) => props.onChange(event.target.value)}
      hint={hint}
      tone={calm ? 'quiet' : 'doubt'}
    />
  )
}

function BirthDateField({ form, change, today, bad }: Part & { today: string; bad: boolean }) {
  const text = useText()
  const formats = useFormats()
  const read = parseBirthDate(form.birthDate, today)
  const typing = form.birthDate.trim().length < 5
  const hint =
    read !== null
      ? [formats.day(read), ageWords(text, read, today)]
          // Arabic-Indic digits on both sides of the dot would change places.
          .map(isolate)
          .join(' · ')
      : bad && !typing
        ? text('checkIn.birthDateBad')
        : text('checkIn.birthDateHint')
  return (
    <Field
      label={text('field.birthDate')}
      dir="ltr"
      maxLength={12}
      value={form.birthDate}
      data-testid="field-birthDate"
      onChange={(event) => change({ birthDate: event.target.value })}
      hint={hint}
      tone={bad && !typing ? 'trouble' : 'quiet'}
    />
  )
}

/** Somebody with this phone or this very name is here: perhaps the same person. */
function KnownAlready(props: { form: Form; onKnown: (hit: Hit) => void }) {
  const text = useText()
  const formats = useFormats()
  const phone = normalisePhone(props.form.phone)
  const name = props.form.name.trim()
  const byPhone = phone !== null && phone.number.length >= 8 ? phone.number : null
  const byName = name.includes(' ') ? name : null
  const samePhone = useWatch('search', byPhone === null ? null : { text: byPhone, limit: 5 })
  const sameName = useWatch('search', byName === null ? null : { text: byName, limit: 5 })
  const key = normaliseArabic(name)
  const alike = [
    ...(samePhone.view?.hits.filter((hit) => hit.phones.some((each) => each === byPhone)) ?? []),
    ...(sameName.view?.hits.filter((hit) => normaliseArabic(hit.name) === key) ?? []),
  ].filter((hit, at, all) => all.findIndex((one) => one.patientId === hit.patientId) === at)
  if (alike.length === 0) return null
  return (
    <output className="notice known-already" data-tone="doubt" data-testid="known-already">
      <strong>{text('checkIn.knownAlready')}</strong>
      {alike.slice(0, 3).map((hit) => (
        <span className="known-row" key={hit.patientId}>
          <Run>{hit.name}</Run>
          {hit.phones[0] !== undefined && <LtrRun>{formats.phone(hit.phones[0])}</LtrRun>}
          <button
            type="button"
            className="button"
            data-size="small"
            onClick={() => props.onKnown(hit)}
          >
            {text('checkIn.useThis')}
          </button>
        </span>
      ))}
    </output>
  )
}

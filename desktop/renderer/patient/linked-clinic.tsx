import { IconEye, IconEyeOff, IconLink, IconUnlink } from '@tabler/icons-react'
import { useEffect, useRef, type ReactNode } from 'react'
import type { PatientId } from '#shared/ids.ts'
import { ageWords } from '../ui/age.ts'
import { useDesk } from '../ui/desk-context.tsx'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { LtrRun, Run } from '../ui/run.tsx'
import type { ClinicThere, PatientThere } from './use-links.ts'

interface LinkedClinicProps {
  there: ClinicThere
  /** Who was linked until now. */
  parted: PatientThere | null
  agreedHere: boolean
  busy: boolean
  onLink: (otherPatientId: PatientId) => void
  onUnlink: () => void
}

/** One of the owner's other clinics: who the patient is there, or may be, and who sees what by it. */
export function LinkedClinic(props: LinkedClinicProps) {
  const card = useRef<HTMLLIElement>(null)
  const { clinicId, clinicName, linked } = props.there
  useEffect(() => {
    // It grows by what it now says: where the hand is, all of it is in sight.
    if (card.current?.matches(':focus-within') === true) {
      card.current.scrollIntoView({ block: 'nearest' })
    }
  }, [linked])
  /** A button goes with what it does: the hand stays at the clinic. */
  const stay = (): void => card.current?.focus()
  return (
    <li className="links-clinic" ref={card} tabIndex={-1} data-testid={`links-${clinicId}`}>
      <h4 className="links-name">
        <Run>{clinicName}</Run>
      </h4>
      {linked === null ? (
        <Choices {...props} stay={stay} />
      ) : (
        <Linked {...props} linked={linked} stay={stay} />
      )}
    </li>
  )
}

function Linked(props: LinkedClinicProps & { linked: PatientThere; stay: () => void }) {
  const text = useText()
  const formats = useFormats()
  const { there, linked, agreedHere } = props
  return (
    <>
      <Person
        person={linked}
        note={text('links.since', { day: formats.day(linked.linkedAt.slice(0, 10)) })}
      >
        <button
          type="button"
          className="button"
          data-size="small"
          data-testid="unlink"
          aria-label={text('links.unlinkFrom', { clinic: there.clinicName })}
          disabled={props.busy}
          onClick={() => {
            props.stay()
            props.onUnlink()
          }}
        >
          <IconUnlink size="1rem" aria-hidden />
          {text('links.unlink')}
        </button>
      </Person>
      <SeenLine
        seen={agreedHere}
        words={text(agreedHere ? 'links.seenThere' : 'links.notSeenThere')}
      />
      {linked.agreed !== null && (
        <SeenLine
          seen={linked.agreed}
          words={text(linked.agreed ? 'links.seenHere' : 'links.notSeenHere')}
        />
      )}
    </>
  )
}

function Choices(props: LinkedClinicProps & { stay: () => void }) {
  const text = useText()
  const { there, parted } = props
  const alike = there.suggestions.filter(({ patientId }) => patientId !== parted?.patientId)
  if (parted === null && alike.length === 0) {
    return <p className="field-hint">{text('links.nobodyAlike')}</p>
  }
  const choices = [
    ...(parted === null ? [] : [{ person: parted, note: text('links.wasLinked') }]),
    ...alike.map((person) => ({ person, note: text(`links.${person.likeness}`) })),
  ]
  return choices.map(({ person, note }) => (
    <Person key={person.patientId} person={person} note={note}>
      <button
        type="button"
        className="button"
        data-size="small"
        data-testid="link"
        aria-label={text('links.linkTo', { name: person.name })}
        disabled={props.busy}
        onClick={() => {
          props.stay()
          props.onLink(person.patientId)
        }}
      >
        <IconLink size="1rem" aria-hidden />
        {text('links.link')}
      </button>
    </Person>
  ))
}

function Person(props: {
  person: Pick<PatientThere, 'name' | 'phones' | 'birthDate'>
  note: string
  children: ReactNode
}) {
  const text = useText()
  const formats = useFormats()
  const today = useDesk().session.queueDay
  const { name, phones, birthDate } = props.person
  return (
    <div className="links-person">
      <div className="links-who">
        <strong>{name === '' ? text('patient.empty') : <Run>{name}</Run>}</strong>
        <span className="links-facts">
          {birthDate !== null && <span>{ageWords(text, birthDate, today)}</span>}
          {phones.map((phone) => (
            <LtrRun key={phone}>{formats.phone(phone)}</LtrRun>
          ))}
          <span>{props.note}</span>
        </span>
      </div>
      {props.children}
    </div>
  )
}

function SeenLine(props: { seen: boolean; words: string }) {
  const Icon = props.seen ? IconEye : IconEyeOff
  return (
    <p className="links-seen" data-seen={props.seen}>
      <Icon size="1rem" aria-hidden />
      <span>{props.words}</span>
    </p>
  )
}

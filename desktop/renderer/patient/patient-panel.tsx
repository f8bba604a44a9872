import { IconAlertTriangle, IconUserPlus } from '@tabler/icons-react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import type { PatientId } from '#shared/ids.ts'
import { useWatch } from '../station-client/station-context.tsx'
import { RecordsArriving } from '../sync/records-arriving.tsx'
import { useDesk } from '../ui/desk-context.tsx'
import { ageWords } from '../ui/age.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { AllergyStrip } from './allergy-strip.tsx'
import { PatientIdentity } from './patient-identity.tsx'
import { SharingRow } from './sharing-row.tsx'
import { ToldRecords } from './told-records.tsx'
import { VisitTimeline } from './visit-timeline.tsx'
import './patient.css'

/** Who the patient is, edited in place, and what has been. */
export function PatientPanel(props: { patientId: PatientId }) {
  const text = useText()
  const { view: patient, refused } = useWatch('patient', { patientId: props.patientId })
  if (refused !== null) {
    return (
      <p className="notice" data-tone="trouble">
        {text(`error.${refused.code}`)}
      </p>
    )
  }
  if (patient === null) return null
  return (
    <div className="patient" data-testid="patient">
      <PatientHead patient={patient} />
      <RecordsArriving />
      {patient.possibleDuplicateOf !== null && (
        <DuplicateNotice other={patient.possibleDuplicateOf} />
      )}
      {!patient.mayEdit && (
        <p className="notice" data-tone="calm">
          {text('patient.readOnly')}
        </p>
      )}
      <AllergyStrip allergies={patient.allergies} />
      <PatientIdentity patient={patient} />
      <SharingRow patient={patient} />
      <VisitTimeline visits={patient.visits} />
      <ToldRecords told={patient.told} />
    </div>
  )
}

function PatientHead(props: { patient: QueryView<'patient'> }) {
  const text = useText()
  const formats = useFormats()
  const desk = useDesk()
  const { patientId, draft, registeredAt, mayCheckIn, unsynced } = props.patient
  const today = desk.session.queueDay
  return (
    <header className="patient-head">
      <div className="patient-who">
        <h2 className="patient-name">
          <bdi>{draft.name}</bdi>
        </h2>
        <span className="patient-facts">
          {draft.birthDate !== null && <span>{ageWords(text, draft.birthDate, today)}</span>}
          {draft.sex !== null && <span>{text(`sex.${draft.sex}`)}</span>}
          <span>{text('patient.registered', { day: formats.day(registeredAt.slice(0, 10)) })}</span>
          {unsynced && (
            <span className="patient-unsynced">
              <span className="hollow-dot" aria-hidden />
              {text('board.unsynced')}
            </span>
          )}
        </span>
      </div>
      {mayCheckIn && (
        <button
          type="button"
          className="button"
          data-kind="primary"
          data-testid="patient-check-in"
          onClick={() => desk.checkIn(patientId, draft.name)}
        >
          <IconUserPlus size="1.125rem" aria-hidden />
          {text('patient.checkIn')}
        </button>
      )}
    </header>
  )
}

function DuplicateNotice(props: { other: { patientId: PatientId; name: string } }) {
  const text = useText()
  const desk = useDesk()
  const { patientId, name } = props.other
  return (
    <div className="notice" data-tone="doubt">
      <IconAlertTriangle size="1.125rem" aria-hidden />
      <span className="notice-words">{text('patient.duplicateOf', { name })}</span>
      <button
        type="button"
        className="button"
        data-size="small"
        onClick={() => desk.open({ kind: 'PATIENT', patientId })}
      >
        {text('patient.openOther')}
      </button>
    </div>
  )
}

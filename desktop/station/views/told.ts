import { type Patient, standingFacts } from '#shared/patient.ts'
import { mayView } from '#shared/roles.ts'
import { project, type Viewer } from '#shared/sight.ts'
import type { PatientView } from '../contract/patient-view.ts'
import type { Replica } from '../replica/replica.ts'

/**
 * What is known of a patient that must be seen at a glance, and what the owner's other clinics told: as
 * far as it is this person's to see. An allergy that another clinic knows of stands beside the own ones.
 */
export function toldOf(
  { read }: Replica,
  patient: Patient,
  viewer: Viewer,
): Pick<PatientView, 'allergies' | 'told'> {
  const seen = read
    .sharedOfPatient(patient.id)
    .filter((record) => project('sharedHistory', record, viewer) !== null)
  const told = seen
    .filter(({ body }) => body.kind !== 'ALLERGY')
    .toSorted((a, b) => (a.queueDay === b.queueDay ? 0 : a.queueDay < b.queueDay ? 1 : -1))
    .map(({ id, queueDay, body, source }) => ({
      recordId: id,
      queueDay,
      clinicName: source.clinicName,
      doctorName: source.doctorName,
      body,
    }))
  if (!mayView(viewer.roles, 'VITALS') && !mayView(viewer.roles, 'CLINICAL')) {
    return { allergies: null, told }
  }
  const own = standingFacts(patient.allergies).map(({ substance, reaction, severity }) => ({
    substance,
    reaction,
    isSevere: severity === 'SEVERE',
    clinicName: null,
  }))
  const others = seen.flatMap(({ body, source }) =>
    body.kind === 'ALLERGY'
      ? [
          {
            substance: body.substance,
            reaction: body.reaction,
            isSevere: false,
            clinicName: source.clinicName,
          },
        ]
      : [],
  )
  return { allergies: [...own, ...others], told }
}

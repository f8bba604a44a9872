import type { PatientId } from '#shared/ids.ts'
export function PatientPanel(props: { patientId: PatientId }) { return props.patientId === '' ? null : null }

import { IconAlertTriangle } from '@tabler/icons-react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'

/** What must be seen before anything is prescribed, whichever of the owner's clinics knows of it. */
export function AllergyStrip(props: { allergies: QueryView<'patient'>['allergies'] }) {
  const text = useText()
  const { allergies } = props
  if (allergies === null || allergies.length === 0) return null
  return (
    <div className="notice" data-tone="trouble" data-testid="allergies">
      <IconAlertTriangle size="1.125rem" aria-hidden />
      <div className="allergies">
        <strong>{text('patient.allergies')}</strong>
        <ul className="allergy-list">
          {allergies.map((allergy, index) => (
            // Nothing of it is unique: two clinics may tell of one.
            <li key={index}>
              <strong>
                <Run>{allergy.substance}</Run>
              </strong>
              {allergy.isSevere && <span>{text('patient.severe')}</span>}
              {allergy.reaction !== null && <Run>{allergy.reaction}</Run>}
              {allergy.clinicName !== null && (
                <span className="told-by">
                  {text('patient.toldBy', { clinic: allergy.clinicName })}
                </span>
              )}
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

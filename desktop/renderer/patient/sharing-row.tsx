import { IconBuildingCommunity } from '@tabler/icons-react'
import { useId, useState } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { useDesk } from '../ui/desk-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'
import { LinkedClinics } from './linked-clinics.tsx'

/**
 * Whether the patient agrees that the owner's other clinics are told; said here, and taken back here. An
 * ADMIN says from here, too, who the patient is at those clinics.
 */
export function SharingRow(props: { patient: QueryView<'patient'> }) {
  const text = useText()
  const perform = usePerform()
  const { session } = useDesk()
  const linksId = useId()
  const [isOpen, setOpen] = useState(false)
  const { patientId, sharing } = props.patient
  const { agreed, mayRecord, mayLink } = sharing
  if (!agreed && !mayRecord && !mayLink) return null
  return (
    <div className="sharing-block">
      <div className="sharing" data-testid="sharing" data-agreed={agreed}>
        <IconBuildingCommunity size="1.125rem" aria-hidden />
        <span className="sharing-words">
          {text(agreed ? 'patient.sharingAgreed' : 'patient.sharingNot')}
        </span>
        {mayRecord && (
          <button
            type="button"
            className="button"
            data-size="small"
            data-kind="quiet"
            data-testid="sharing-change"
            onClick={() =>
              void perform('recordConsent', { patientId, scope: 'SHARED_HISTORY', given: !agreed })
            }
          >
            {text(agreed ? 'patient.sharingWithdraw' : 'patient.sharingAgree')}
          </button>
        )}
        {mayLink && (
          <button
            type="button"
            className="button"
            data-size="small"
            data-kind="quiet"
            data-testid="links-open"
            aria-expanded={isOpen}
            aria-controls={isOpen ? linksId : undefined}
            onClick={() => setOpen(!isOpen)}
          >
            {text('links.open')}
          </button>
        )}
      </div>
      {mayLink && isOpen && (
        <div id={linksId}>
          {/* What one ADMIN may know of other clinics is not the next one's to see. */}
          <LinkedClinics key={session.person.userId} patient={props.patient} />
        </div>
      )}
    </div>
  )
}

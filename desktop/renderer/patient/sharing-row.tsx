import { IconBuildingCommunity } from '@tabler/icons-react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { useText } from '../ui/locale-context.tsx'
import { usePerform } from '../ui/perform.ts'

/** Whether the patient agrees that the owner's other clinics are told; said here, and taken back here. */
export function SharingRow(props: { patient: QueryView<'patient'> }) {
  const text = useText()
  const perform = usePerform()
  const { patientId, sharing } = props.patient
  const { agreed, mayRecord } = sharing
  if (!agreed && !mayRecord) return null
  return (
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
    </div>
  )
}

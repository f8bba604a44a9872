import { useState, type SubmitEvent } from 'react'
import type { QueryView } from '#desktop/station/contract/queries.ts'
import { Field } from '../ui/field.tsx'
import { useFocusOnMount } from '../ui/focus-on-mount.ts'
import { useText } from '../ui/locale-context.tsx'
import { LinkedClinic } from './linked-clinic.tsx'
import { type ClinicThere, type Links, useLinks } from './use-links.ts'

/**
 * Who the patient is at the owner's other clinics, said by an ADMIN of both. The server alone knows, and
 * asks who they are: so the password comes first, once for some minutes.
 */
export function LinkedClinics(props: { patient: QueryView<'patient'> }) {
  const text = useText()
  const { patientId, sharing } = props.patient
  const links = useLinks(patientId)
  const { clinics, needsPassword, problem } = links
  return (
    <section className="links" aria-label={text('links.title')} data-testid="links">
      <p className="field-hint">{text('links.why')}</p>
      {clinics === null && needsPassword && <PasswordForm links={links} />}
      {clinics === null && !needsPassword && <p className="field-hint">{text('links.busy')}</p>}
      {clinics !== null && problem !== null && (
        <p className="notice" data-tone="trouble" role="alert" data-testid="links-problem">
          {problem}
        </p>
      )}
      {clinics !== null && (
        <ClinicList clinics={clinics} links={links} agreedHere={sharing.agreed} />
      )}
    </section>
  )
}

function PasswordForm(props: { links: Links }) {
  const text = useText()
  const { busy, problem, ask } = props.links
  const [password, setPassword] = useState('')
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    ask(password)
  }
  return (
    <form className="links-form" onSubmit={submit}>
      <Field
        label={text('links.password')}
        type="password"
        dir="ltr"
        required
        focusOnMount
        maxLength={200}
        autoComplete="current-password"
        data-testid="links-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        hint={problem}
        tone={problem === null ? undefined : 'trouble'}
      />
      <button
        type="submit"
        className="button"
        data-kind="primary"
        data-testid="links-show"
        disabled={busy}
      >
        {text(busy ? 'links.busy' : 'links.show')}
        <kbd>{text('key.enter')}</kbd>
      </button>
    </form>
  )
}

function ClinicList(props: { clinics: readonly ClinicThere[]; links: Links; agreedHere: boolean }) {
  const text = useText()
  const { clinics, links, agreedHere } = props
  const { parted } = links
  // The field that had the focus is gone.
  const list = useFocusOnMount<HTMLUListElement>(true)
  return (
    <ul className="links-clinics" ref={list} tabIndex={-1} data-testid="links-clinics">
      {clinics.length === 0 && <li className="links-none">{text('links.none')}</li>}
      {clinics.map((there) => (
        <LinkedClinic
          key={there.clinicId}
          there={there}
          parted={parted?.clinicId === there.clinicId ? parted.patient : null}
          agreedHere={agreedHere}
          busy={links.busy}
          onLink={(otherPatientId) => links.link(there.clinicId, otherPatientId)}
          onUnlink={() => links.unlink(there)}
        />
      ))}
    </ul>
  )
}

import { useState, type SubmitEvent } from 'react'
import type { ActionOutput } from '#desktop/station/contract/actions.ts'
import { useAct } from '../station-client/station-context.tsx'
import { Choices } from '../ui/choices.tsx'
import { Field } from '../ui/field.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import { Run } from '../ui/run.tsx'
import { DoorFrame } from './door-frame.tsx'

type Membership = ActionOutput<'lookUpClinics'>['memberships'][number]

interface Account {
  serverUrl: string
  email: string
  password: string
}

/** Joins this computer to a clinic: an account, then which clinic and what this computer is called. */
export function EnrolmentScreen(props: { serverUrl: string | null }) {
  const text = useText()
  const act = useAct()
  const [account, setAccount] = useState<Account>({
    serverUrl: props.serverUrl ?? '',
    email: '',
    password: '',
  })
  const [memberships, setMemberships] = useState<Membership[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)

  const lookUp = async (): Promise<void> => {
    const result = await act('lookUpClinics', account)
    setProblem(result.ok ? null : refusalText(text, result.code, result.details))
    if (result.ok) setMemberships(result.output.memberships)
  }
  return (
    <DoorFrame title={text('enrol.title')} subtitle={text('enrol.hint')}>
      <div className="door-card" data-narrow data-testid="enrolment">
        {memberships === null ? (
          <AccountForm account={account} onChange={setAccount} onSubmit={() => void lookUp()} />
        ) : (
          <ClinicForm
            memberships={memberships}
            onBack={() => setMemberships(null)}
            onSubmit={(clinicId, stationName) => {
              void act('enrol', { ...account, clinicId, stationName }).then((result) =>
                setProblem(result.ok ? null : refusalText(text, result.code, result.details)),
              )
            }}
          />
        )}
        {problem !== null && (
          <p className="notice" data-tone="trouble" role="alert">
            {problem}
          </p>
        )}
      </div>
    </DoorFrame>
  )
}

function AccountForm(props: {
  account: Account
  onChange: (account: Account) => void
  onSubmit: () => void
}) {
  const text = useText()
  const { account, onChange } = props
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    props.onSubmit()
  }
  return (
    <form className="pin-password" onSubmit={submit}>
      <Field
        label={text('enrol.server')}
        type="url"
        dir="ltr"
        required
        data-testid="server-url"
        value={account.serverUrl}
        onChange={(event) => onChange({ ...account, serverUrl: event.target.value.trim() })}
      />
      <Field
        label={text('session.email')}
        type="email"
        dir="ltr"
        required
        focusOnMount
        autoComplete="username"
        data-testid="email"
        value={account.email}
        onChange={(event) => onChange({ ...account, email: event.target.value.trim() })}
      />
      <Field
        label={text('session.password')}
        type="password"
        dir="ltr"
        required
        autoComplete="current-password"
        data-testid="password"
        value={account.password}
        onChange={(event) => onChange({ ...account, password: event.target.value })}
      />
      <button type="submit" className="button" data-kind="primary" data-testid="look-up-clinics">
        {text('enrol.find')}
        <kbd>{text('key.enter')}</kbd>
      </button>
    </form>
  )
}

function ClinicForm(props: {
  memberships: Membership[]
  onBack: () => void
  onSubmit: (clinicId: Membership['clinicId'], stationName: string) => void
}) {
  const text = useText()
  const [clinicId, setClinicId] = useState(props.memberships[0]?.clinicId ?? null)
  const [stationName, setStationName] = useState('')
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (clinicId !== null && stationName.trim() !== '') {
      props.onSubmit(clinicId, stationName.trim())
    }
  }
  if (clinicId === null) {
    return (
      <>
        <p className="notice" data-tone="doubt">
          {text('enrol.noClinics')}
        </p>
        <button type="button" className="button" onClick={props.onBack}>
          {text('action.back')}
        </button>
      </>
    )
  }
  return (
    <form className="pin-password" onSubmit={submit}>
      <Choices
        label={text('enrol.choose')}
        name="clinic"
        value={clinicId}
        onChange={setClinicId}
        choices={props.memberships.map((membership) => ({
          value: membership.clinicId,
          label: <Run>{membership.clinicName}</Run>,
          hint: membership.roles.map((role) => text(`role.${role}`)).join(' · '),
        }))}
      />
      <Field
        label={text('enrol.stationName')}
        placeholder={text('enrol.stationExample')}
        focusOnMount
        required
        maxLength={80}
        data-testid="station-name"
        value={stationName}
        onChange={(event) => setStationName(event.target.value)}
      />
      <div className="door-actions">
        <button type="submit" className="button" data-kind="primary" data-testid="enrol">
          {text('enrol.finish')}
          <kbd>{text('key.enter')}</kbd>
        </button>
        <button type="button" className="button" data-kind="quiet" onClick={props.onBack}>
          {text('action.back')}
        </button>
      </div>
    </form>
  )
}

import type { SessionView } from '#desktop/station/contract/session-view.ts'
import { useText } from '../ui/locale-context.tsx'
import { Run } from '../ui/run.tsx'
import { DoorFrame } from './door-frame.tsx'
import { PersonChoice } from './person-choice.tsx'
import { RejoinCard } from './rejoin-card.tsx'

const nothingMore = (): void => undefined

export function SignInScreen(props: { session: Extract<SessionView, { status: 'LOCKED' }> }) {
  const text = useText()
  const { clinic, stationName } = props.session
  const station = text('session.station', { name: stationName })
  return (
    <DoorFrame title={<Run>{clinic.name}</Run>} subtitle={station}>
      <RejoinCard />
      {/* The session's own view opens the board: nothing to do here. */}
      <PersonChoice onSignedIn={nothingMore} />
    </DoorFrame>
  )
}

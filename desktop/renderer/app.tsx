import { DirectionProvider, MantineProvider } from '@mantine/core'
import { useEffect } from 'react'
import type { SessionView } from '#desktop/station/contract/session-view.ts'
import { assertNever } from '#shared/assert-never.ts'
import { EnrolmentScreen } from './session/enrolment-screen.tsx'
import { OpeningScreen } from './session/opening-screen.tsx'
import { SignInScreen } from './session/sign-in-screen.tsx'
import { TroubleScreen } from './session/trouble-screen.tsx'
import type { StationClient } from './station-client/station-client.ts'
import { StationProvider, useWatch } from './station-client/station-context.tsx'
import { FaultBoundary } from './ui/fault-boundary.tsx'
import { LocaleProvider, useLocale } from './ui/locale-context.tsx'
import { StartingScreen } from './ui/starting-screen.tsx'
import { cssVariablesResolver, theme } from './ui/theme.ts'
import { ToastProvider } from './ui/toasts.tsx'
import { Workplace } from './workplace.tsx'

export function App(props: { client: StationClient }) {
  return (
    <DirectionProvider initialDirection="rtl">
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        cssVariablesResolver={cssVariablesResolver}
      >
        <LocaleProvider>
          <FaultBoundary>
            <StationProvider client={props.client}>
              <Door />
            </StationProvider>
          </FaultBoundary>
        </LocaleProvider>
      </MantineProvider>
    </DirectionProvider>
  )
}

/** Which screen the session asks for. */
function Door() {
  const { view: session } = useWatch('session', {})
  useClinicPlace(session)
  if (session === null) return <StartingScreen />
  // What one person had open, or was told, is not the next one's.
  return (
    <ToastProvider key={session.status === 'SIGNED_IN' ? session.person.userId : session.status}>
      <Screen session={session} />
    </ToastProvider>
  )
}

function Screen({ session }: { session: SessionView }) {
  switch (session.status) {
    case 'TROUBLE':
      return <TroubleScreen code={session.code} canRecover={session.canRecover} />
    case 'NOT_ENROLLED':
      return <EnrolmentScreen serverUrl={session.serverUrl} />
    case 'OPENING':
      return <OpeningScreen />
    case 'LOCKED':
      return <SignInScreen session={session} />
    case 'SIGNED_IN':
      return <Workplace session={session} />
    default:
      return assertNever(session)
  }
}

function useClinicPlace(session: SessionView | null): void {
  const { setClinicPlace } = useLocale()
  const clinic =
    session?.status === 'LOCKED' || session?.status === 'SIGNED_IN' ? session.clinic : null
  useEffect(() => {
    if (clinic !== null) setClinicPlace({ digits: clinic.digits, timeZone: clinic.timeZone })
  }, [clinic, setClinicPlace])
}

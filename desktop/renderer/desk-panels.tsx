import { Drawer, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { assertNever } from '#shared/assert-never.ts'
import { PaymentPanel } from './check-in/payment-panel.tsx'
import { ImportPanel } from './import/import-panel.tsx'
import { InboxPanel } from './inbox/inbox-panel.tsx'
import { PatientPanel } from './patient/patient-panel.tsx'
import { PersonChoice } from './session/person-choice.tsx'
import { RecoveryPanel } from './session/recovery-panel.tsx'
import { RejoinForm } from './session/rejoin-form.tsx'
import { SetPinPanel } from './session/set-pin-panel.tsx'
import { ShortcutMap } from './shortcut-map.tsx'
import { PrinterPanel } from './slip/printer-panel.tsx'
import { useDesk, type DeskPanel } from './ui/desk-context.tsx'
import { useText } from './ui/locale-context.tsx'
import './desk-panels.css'

/** What lies over the board, if anything. */
export function DeskPanels(props: { panel: DeskPanel | null }) {
  const text = useText()
  const { close } = useDesk()
  const { panel } = props
  if (panel === null) return null
  switch (panel.kind) {
    case 'PATIENT':
      return (
        <SidePanel title={text('patient.title')} size="34rem">
          <PatientPanel key={panel.patientId} patientId={panel.patientId} />
        </SidePanel>
      )
    case 'INBOX':
      return (
        <SidePanel title={text('inbox.title')} size="40rem">
          <InboxPanel />
        </SidePanel>
      )
    case 'PAYMENT':
      return (
        <Dialog title={text('payment.title', { name: panel.row.name })} size="34rem">
          <PaymentPanel row={panel.row} onDone={close} />
        </Dialog>
      )
    case 'IMPORT':
      return (
        <Dialog title={text('import.title')} size="52rem">
          <ImportPanel />
        </Dialog>
      )
    case 'PEOPLE':
      return (
        <Dialog title={text('session.people')} size="48rem">
          <PersonChoice onSignedIn={close} />
        </Dialog>
      )
    case 'PIN':
      return (
        <Dialog title={text('session.setPin')} size="34rem">
          <SetPinPanel onDone={close} />
        </Dialog>
      )
    case 'RECOVERY':
      return (
        <Dialog title={text('recovery.title')} size="34rem">
          <RecoveryPanel onDone={close} />
        </Dialog>
      )
    case 'REJOIN':
      return (
        <Dialog title={text('rejoin.title')} size="34rem">
          <RejoinForm />
        </Dialog>
      )
    case 'PRINTER':
      return (
        <Dialog title={text('bar.printer')} size="30rem">
          <PrinterPanel onDone={close} />
        </Dialog>
      )
    case 'MAP':
      return (
        <Dialog title={text('map.title')} size="34rem">
          <ShortcutMap />
        </Dialog>
      )
    default:
      return assertNever(panel)
  }
}

function Dialog(props: { title: string; size: string; children: ReactNode }) {
  const text = useText()
  const { close } = useDesk()
  return (
    <Modal
      opened
      onClose={close}
      title={props.title}
      size={props.size}
      data-keeps-row
      closeButtonProps={{ 'aria-label': text('action.close') }}
    >
      {props.children}
    </Modal>
  )
}

/** From the far side of the reading direction; the board stays in sight beside it. */
function SidePanel(props: { title: string; size: string; children: ReactNode }) {
  const text = useText()
  const { close } = useDesk()
  return (
    <Drawer
      opened
      onClose={close}
      title={props.title}
      size={props.size}
      // Mantine mirrors it: the end of the line in either direction.
      position="right"
      overlayProps={{ backgroundOpacity: 0.2 }}
      data-keeps-row
      closeButtonProps={{ 'aria-label': text('action.close') }}
    >
      {props.children}
    </Drawer>
  )
}

import { useEffect, useState, type SubmitEvent } from 'react'
import type { Printer } from '#desktop/station/contract/shell.ts'
import { Choices } from '../ui/choices.tsx'
import { useText } from '../ui/locale-context.tsx'
import { setTicketPrinter, ticketPrinter } from './print-slip.ts'

const ASK = ''

/** Which printer takes the tickets without asking. Only where the shell knows the printers. */
export function PrinterPanel(props: { onDone: () => void }) {
  const text = useText()
  const [printers, setPrinters] = useState<Printer[]>([])
  const [chosen, setChosen] = useState<string>(ticketPrinter() ?? ASK)
  useEffect(() => {
    void window.dawr?.printers().then(setPrinters)
  }, [])
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setTicketPrinter(chosen === ASK ? null : chosen)
    props.onDone()
  }
  return (
    <form className="check-in-form" onSubmit={submit}>
      <Choices
        label={text('bar.printer')}
        name="printer"
        value={chosen}
        onChange={setChosen}
        focusFirst
        choices={[
          { value: ASK, label: text('bar.printerAsk') },
          ...printers.map(({ name, label }) => ({ value: name, label })),
        ]}
      />
      <div className="check-in-buttons">
        <button type="submit" className="button" data-kind="primary">
          {text('action.save')}
        </button>
      </div>
    </form>
  )
}

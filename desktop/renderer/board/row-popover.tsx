import { Popover } from '@mantine/core'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { AskCancel, AskLine, AskPlace, AskPriority } from './ask-forms.tsx'
import { useBoardHands, type RowPopoverContent } from './board-context.ts'
import { StepMenu } from './step-menu.tsx'
import type { Step } from './steps.ts'

/** All that can be done with a row, and the small questions some of it asks. */
export function RowPopover(props: {
  row: VisitRow
  steps: readonly Step[]
  content: RowPopoverContent
}) {
  const hands = useBoardHands()
  const { row, content } = props
  return (
    <Popover
      opened
      onChange={(opened) => {
        if (!opened) hands.closePopover()
      }}
      position="bottom-end"
      offset={2}
      trapFocus
      shadow="md"
      withinPortal
      // The row clips what lies in it, its anchor too.
      hideDetached={false}
    >
      <Popover.Target>
        <span className="row-anchor" />
      </Popover.Target>
      <Popover.Dropdown className="row-popover" data-keeps-row data-testid="row-popover">
        {content.kind === 'MENU' ? (
          <StepMenu row={row} steps={props.steps} />
        ) : content.step === 'SET_PRIORITY' ? (
          <AskPriority row={row} />
        ) : content.step === 'CANCEL' ? (
          <AskCancel row={row} />
        ) : content.step === 'REORDER' ? (
          <AskPlace row={row} place={content.place} />
        ) : (
          <AskLine row={row} place={content.place} />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

import { useWatch } from '../station-client/station-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { InboxRow } from './inbox-row.tsx'
import './inbox.css'

/** One row for each thing that a person must look at. */
export function InboxPanel() {
  const text = useText()
  const { view: inbox } = useWatch('inbox', {})
  if (inbox === null) return null
  if (inbox.items.length === 0) {
    return (
      <div className="empty" data-testid="inbox">
        <strong>{text('inbox.empty')}</strong>
        <span>{text('inbox.emptyHint')}</span>
      </div>
    )
  }
  return (
    <ul className="inbox" data-testid="inbox">
      {inbox.items.map((item) => (
        <InboxRow key={item.itemId} item={item} />
      ))}
    </ul>
  )
}

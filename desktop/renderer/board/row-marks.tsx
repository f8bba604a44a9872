import {
  IconAlertCircle,
  IconArrowsSort,
  IconCircleCheck,
  IconCircleDashed,
  IconCoin,
  IconFlag3Filled,
  IconHeartHandshake,
  IconInbox,
  IconSpeakerphone,
} from '@tabler/icons-react'
import { memo } from 'react'
import type { VisitRow } from '#desktop/station/contract/board-view.ts'
import { useFormats, useText } from '../ui/locale-context.tsx'
import { roomWords } from '../ui/room.ts'
import { LtrRun, Run } from '../ui/run.tsx'
import type { Text } from '../ui/texts.ts'

const PRIORITY_ICONS = { URGENT: IconFlag3Filled, COURTESY: IconHeartHandshake }

/** Urgent and courtesy: a shape, a word and a colour. */
export function PriorityTag(props: { row: VisitRow }) {
  const text = useText()
  const { priority, boosted } = props.row
  if (priority === 'NORMAL') return null
  const Icon = PRIORITY_ICONS[priority]
  return (
    <span
      className="tag"
      data-tone={priority}
      data-spent={boosted ? undefined : true}
      title={boosted ? text(`priority.hint.${priority}`) : text('board.boostLost')}
    >
      <Icon size="0.875rem" aria-hidden />
      {text(`priority.${priority}`)}
    </span>
  )
}

/** That a patient was called, and when: they are expected at the door. */
export function CalledTag(props: { row: VisitRow; withRoom?: boolean }) {
  const text = useText()
  const formats = useFormats()
  const { calledAt, calledRoom } = props.row
  if (calledAt === null) return null
  const time = formats.time(calledAt)
  const full =
    calledRoom === null || calledRoom === ''
      ? text('board.called', { time })
      : text('board.calledTo', { time, room: roomWords(text, formats, calledRoom) })
  return (
    // A new call is a new element: it pulses once more.
    <span className="tag" data-tone="CALLED" key={calledAt} title={full}>
      <IconSpeakerphone size="0.9375rem" aria-hidden />
      {props.withRoom === true ? (
        <span className="tag-words">{full}</span>
      ) : (
        <LtrRun>{time}</LtrRun>
      )}
      {props.withRoom !== true && <span className="visually-hidden">{full}</span>}
    </span>
  )
}

const PAID_ICONS = {
  PAID: IconCircleCheck,
  PART: IconCircleDashed,
  UNPAID: IconCoin,
  FREE: null,
}

/** Paid is a quiet tick; what is owed is the amber mark, with the amount in its title. */
export const PaidMark = memo(function PaidMark(props: { row: VisitRow; words?: boolean }) {
  const text = useText()
  const formats = useFormats()
  const { paid, balance } = props.row
  if (paid === null) return null
  const Icon = PAID_ICONS[paid]
  if (Icon === null) return <span className="paid" data-paid={paid} />
  const owed = balance === null || balance.minor <= 0 ? '' : ` ${formats.money(balance)}`
  return (
    <span className="paid" data-paid={paid} title={text(`paid.${paid}`) + owed}>
      <Icon size="1.125rem" aria-hidden />
      {props.words === true ? (
        <span>{text(`paid.${paid}`)}</span>
      ) : (
        <span className="visually-hidden">{text(`paid.${paid}`)}</span>
      )}
    </span>
  )
})

const ORDER_CODES = [
  'SKIPPED',
  'LINE_CHANGED',
  'RECALLED',
  'RETURNED_FRONT',
  'RETURNED_BACK',
] as const

/** Why a row stands where it does: a code of the station's, or the words that a person gave. */
function orderWords(text: Text, reason: string): string {
  const code = ORDER_CODES.find((each) => each === reason)
  return code === undefined ? reason : text(`order.${code}`)
}

/** Every reorder says its reason. */
export function OrderReason(props: { row: VisitRow }) {
  const text = useText()
  const { orderReason } = props.row
  if (orderReason === null || orderReason === '') return null
  return (
    <span className="order-reason">
      <Run>{orderWords(text, orderReason)}</Run>
    </span>
  )
}

/** What the desk must know of how this row came about: in the inbox, held back, not yet sent. */
export function StandingMarks(props: { row: VisitRow }) {
  const text = useText()
  const { flagged, held, unsynced, orderReason } = props.row
  const order = orderReason === null || orderReason === '' ? null : orderWords(text, orderReason)
  return (
    <>
      {order !== null && (
        <span className="mark" data-mark="order" title={order}>
          <IconArrowsSort size="0.875rem" aria-hidden />
          <span className="visually-hidden">{order}</span>
        </span>
      )}
      {flagged && (
        <span className="mark" data-mark="flagged" title={text('board.flagged')}>
          <IconInbox size="1rem" aria-hidden />
          <span className="visually-hidden">{text('board.flagged')}</span>
        </span>
      )}
      {held && (
        <span className="mark" data-mark="held" title={text('board.held')}>
          <IconAlertCircle size="1rem" aria-hidden />
          <span className="visually-hidden">{text('board.held')}</span>
        </span>
      )}
      {unsynced && !held && (
        <span className="mark" data-mark="unsynced" title={text('board.unsynced')}>
          <span className="hollow-dot" aria-hidden />
          <span className="visually-hidden">{text('board.unsynced')}</span>
        </span>
      )}
    </>
  )
}

import type { CalendarDate } from '#shared/fields.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { Replica } from '../replica/replica.ts'
import type { Change } from './view.ts'

/** The queue day that a view shows as today. */
export interface ShownDay {
  /** The present one; what is computed now shows it. */
  today(): CalendarDate
  /** Whether another has begun since: of the clock, a view that shows a day depends on this alone. */
  isOver(change: Change): boolean
}

export function showDay({ now, read }: Pick<Replica, 'now' | 'read'>): ShownDay {
  let shown: CalendarDate | null = null
  return {
    today() {
      shown = queueDayOf(now(), read.settings())
      return shown
    },
    isOver: ({ clock }) => clock && shown !== null && queueDayOf(now(), read.settings()) !== shown,
  }
}

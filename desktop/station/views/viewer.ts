import { queueDayOf } from '#shared/queue-day.ts'
import type { Viewer } from '#shared/sight.ts'
import type { Replica } from '../replica/replica.ts'
import type { Person } from '../session/current-session.ts'

/** Who is signed in, as `sight.ts` asks about them. */
export function viewerOf({ read, now }: Replica, { userId, roles }: Person): Viewer {
  return {
    userId,
    roles,
    today: queueDayOf(now(), read.settings()),
    isDoctorOf: (visitId) => read.visit(visitId)?.doctorId === userId,
    hasOpened: (visitId) =>
      read
        .entriesOfVisit(visitId)
        .some(({ body, by }) => body.kind === 'RECORD_OPENED' && by === userId),
  }
}

import { type CutOver, Settings } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import { queueDayOf } from '#shared/queue-day.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import type { JobSender } from '../jobs/job-sender.ts'
import { sendSharing } from '../sharing/sharing-jobs.ts'
import { lockFeed } from '../sync/feed.ts'
import { type Act, readClinicBody, recordAct } from './admin-act.ts'

/** @throws AppError NOT_FOUND */
export async function readSettings(tx: ClinicTx): Promise<Settings> {
  const settings = await readClinicBody(tx, 'settings', Settings)
  if (settings === null) throw new AppError('NOT_FOUND')
  return settings
}

/**
 * @throws AppError INVALID, naming the fields that cannot become what they should
 */
export async function replaceSettings(
  tx: ClinicTx,
  next: Settings,
  { jobs, ...act }: Act & { jobs: JobSender },
): Promise<Settings> {
  const { shares } = await lockFeed(tx)
  const current = await readSettings(tx)
  const issues = unlawfulFields(current, next, act.now)
  if (issues.length > 0) throw new AppError('INVALID', { issues })
  await tx.query('UPDATE clinics SET name = $2, active = $3 WHERE clinic_id = $1', [
    tx.clinicId,
    next.name,
    next.active,
  ])
  await recordAct(tx, act, { id: 'settings', before: current, after: next })
  // A closed clinic shares nothing and is told nothing; copies say the name of whose they are.
  const isOther = next.active !== current.active || next.name !== current.name
  if (shares && isOther) await sendSharing(tx, jobs, 'ALL', 'BOTH')
  return next
}

/** The fields of `next` that may not follow `current`. */
export function unlawfulFields(current: Settings, next: Settings, now: number): string[] {
  const issues: string[] = []
  // Others hold the address and prices are in the currency: neither moves under them.
  if (next.slug !== current.slug) issues.push('slug')
  if (next.currency !== current.currency) issues.push('currency')
  if (next.refundLimit.currency !== next.currency) issues.push('refundLimit')
  if (next.demo !== current.demo) issues.push('demo')
  if (next.waitRedMinutes < next.waitAmberMinutes) issues.push('waitRedMinutes')
  if (!isTimeZone(next.timeZone)) issues.push('timeZone')
  else if (!isLawfulCutOver(current, next.cutOvers, now)) issues.push('cutOvers')
  return issues
}

/** Days that have begun keep the hour they began at: a change applies from the next day. */
function isLawfulCutOver(current: Settings, next: readonly CutOver[], now: number): boolean {
  const today = queueDayOf(now, current)
  const past = (cutOvers: readonly CutOver[]) =>
    JSON.stringify(
      cutOvers
        .filter(({ from }, index) => index === 0 || from <= today)
        .map((c) => [c.from, c.hour]),
    )
  const ascends = next.every(
    ({ from }, index) => index === 0 || from > (next[index - 1]?.from ?? ''),
  )
  return ascends && past(next) === past(current.cutOvers)
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

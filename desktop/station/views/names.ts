import type { UserId } from '#shared/ids.ts'
import type { ClinicDirectory } from '../replica/replica.ts'

/** As the clinic's directory has it, also for who has left; '' for a person it never named. */
export function nameOf(directory: ClinicDirectory, userId: UserId): string {
  return directory.staff().find((staff) => staff.userId === userId)?.name ?? ''
}

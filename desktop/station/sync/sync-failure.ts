import { AppError, type ErrorCode } from '#shared/errors.ts'
import { StorageError } from '../storage/storage-error.ts'

/** No server's word keeps a station waiting for longer, seconds. */
const WAIT_AT_MOST_S = 300

export function codeOf(error: unknown): ErrorCode {
  if (error instanceof AppError) return error.code
  if (error instanceof StorageError && error.code === 'DISK_FULL') return 'DISK_FULL'
  return 'INTERNAL'
}

/** How long the server asked to be left alone, milliseconds. */
export function askedToWait(error: unknown): number {
  const seconds = error instanceof AppError ? error.details['retryAfterSeconds'] : undefined
  return typeof seconds === 'number' ? Math.min(seconds, WAIT_AT_MOST_S) * 1000 : 0
}

/** The name and place of a fault; never its message, which may quote what it failed on. */
export function nameOf(error: unknown): string {
  return error instanceof Error
    ? `${error.name} ${error.stack?.split('\n')[1]?.trim() ?? ''}`
    : typeof error
}

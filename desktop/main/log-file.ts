import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Bytes. With its predecessor about a month of a desk's ids and codes; enough for a support call. */
const LARGEST = 2 * 1024 * 1024

export interface LogFile {
  write(text: Uint8Array | string): void
}

/** Appends to a file and keeps one predecessor. A full disk stops the log, never the desk. */
export function logFile(path: string, largest = LARGEST): LogFile {
  return {
    write(text) {
      try {
        mkdirSync(dirname(path), { recursive: true })
        if (sizeOf(path) > largest) renameSync(path, `${path}.1`)
        appendFileSync(path, text)
      } catch {
        // Nowhere to report a log that cannot be written.
      }
    },
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

import type { ImportView } from '../contract/import-view.ts'
import type { Replica } from '../replica/replica.ts'

/** How the running or last import of a replica's list stands. */
export interface ImportProgress extends Omit<ImportView, 'errors' | 'warnings' | 'unread'> {
  errors: ImportView['errors'][number][]
  warnings: ImportView['warnings'][number][]
  unread: string[]
}

const progresses = new WeakMap<Replica, ImportProgress>()

export function startProgress(replica: Replica, fileName: string | null): ImportProgress {
  const progress: ImportProgress = {
    running: fileName !== null,
    fileName,
    done: 0,
    total: 0,
    imported: 0,
    duplicates: 0,
    errors: [],
    errorCount: 0,
    warnings: [],
    warningCount: 0,
    unread: [],
  }
  progresses.set(replica, progress)
  return progress
}

/** Nothing imported yet is a progress too. */
export function progressOf(replica: Replica): ImportProgress {
  return progresses.get(replica) ?? startProgress(replica, null)
}

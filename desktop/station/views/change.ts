import type { Change } from './view.ts'

export const NOTHING: Change = {
  collections: new Set(),
  outbox: false,
  session: false,
  sync: false,
  import: false,
  clock: false,
}

/** What two changes change together. */
export function mergeChanges(one: Change, other: Change): Change {
  return {
    collections: new Set([...one.collections, ...other.collections]),
    outbox: one.outbox || other.outbox,
    session: one.session || other.session,
    sync: one.sync || other.sync,
    import: one.import || other.import,
    clock: one.clock || other.clock,
  }
}

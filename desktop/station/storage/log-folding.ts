import type Database from 'better-sqlite3'

/** When SQLite folds its log into the file, which a commit does that finds it so long, in pages. */
export interface LogFolding {
  /** What `run` commits pays for its own pages, and the next one not for those of many. */
  early<T>(run: () => T): T
  /** Not at all until `run` has ended. */
  withheld<T>(run: () => Promise<T>): Promise<T>
}

/** Folding a page costs about 25 microseconds, encrypted. */
const EARLY_PAGES = 100
/** More than anybody writes meanwhile. */
const NEVER_PAGES = 1_000_000

export function openLogFolding(db: Database.Database): LogFolding {
  let isWithheld = false
  const readPages = (): number => Number(db.pragma('wal_autocheckpoint', { simple: true }))
  const setPages = (pages: number): void => void db.pragma(`wal_autocheckpoint = ${pages}`)

  return {
    early(run) {
      if (isWithheld) return run()
      // Whoever opened the file may have set it.
      const usual = readPages()
      setPages(EARLY_PAGES)
      try {
        return run()
      } finally {
        setPages(usual)
      }
    },
    async withheld(run) {
      const usual = readPages()
      isWithheld = true
      setPages(NEVER_PAGES)
      try {
        return await run()
      } finally {
        isWithheld = false
        if (db.open) setPages(usual)
      }
    },
  }
}

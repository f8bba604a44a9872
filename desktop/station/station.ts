import { AppError, type ErrorCode } from '#shared/errors.ts'
import type { ActionInput, ActionName } from './contract/actions.ts'
import type { ContractPort } from './contract/port.ts'
import type { QueryName, QueryParams } from './contract/queries.ts'
import type { SessionView, TroubleCode } from './contract/session-view.ts'
import { openClinicFile, troubleOf } from './replica/open-file.ts'
import {
  hasRecovery,
  keepRecovery,
  recoverKey,
  renewKey,
  replacesRecovery,
} from './recovery/recovery-file.ts'
import { beginReplacing } from './replica/replace-damaged.ts'
import { type ClockSource, startClock, SYSTEM_CLOCK } from './replica/station-clock.ts'
import type { StationLog } from './station-log.ts'
import { type OpenFile, runOnFile } from './station-on-file.ts'
import type { Recovery } from './station-own.ts'
import { StorageError, type StorageErrorCode, toStorageError } from './storage/storage-error.ts'
import { mergeChanges, NOTHING } from './views/change.ts'
import type { ActionHandlers, Change, FileAction, View } from './views/view.ts'
import { refusedView } from './watch.ts'
import { openWindows, placeOf } from './windows.ts'

/** How often views that follow the clock are looked at, milliseconds. */
const TICK_MS = 5_000

/** An antivirus looks through a file of this size in less, milliseconds. */
const PATIENCE_MS = 6_000

/** What may pass by itself: tried again at each tick. */
const PASSES: readonly TroubleCode[] = ['LOCKED', 'DISK_FULL', 'DISK_FAILED', 'CANNOT_OPEN']

/** A wrong key too: a half-restored backup may have brought another computer's. */
const RECOVERED_BY_CODE: readonly TroubleCode[] = ['KEY_MISSING', 'KEY_UNREADABLE', 'WRONG_KEY']

export type KeyTrouble = Extract<TroubleCode, 'KEY_MISSING' | 'KEY_UNREADABLE'>

export interface StationOptions {
  /** The profile's folder: the encrypted file lives in it. */
  readonly folder: string
  /** 32 bytes, or why this computer has none for the data that is here. */
  readonly key: Uint8Array | KeyTrouble
  /**
   * Keeps a key for the next start: one that the owner's code has brought back, or the file's next. Absent: nothing is
   * kept, and the file's key stays what it is.
   */
  readonly keepKey?: (key: Uint8Array) => Promise<void>
  readonly demo: boolean
  readonly appVersion: string
  readonly log: StationLog
  /** For tests that must not wait. */
  readonly clock?: ClockSource
  /** How long another program may hold the file before anybody is told, milliseconds. */
  readonly patienceMs?: number
}

/** One clinic's replica with its commands, views and sync, behind the contract. */
export interface Station {
  /** A window has come. */
  connect(port: ContractPort): void
  /** Ends what runs and closes the file. What was confirmed is on disk already. */
  close(): Promise<void>
}

/**
 * Opens the profile's station. A file that cannot be used does not fail it: the windows are told why,
 * and it is tried again.
 */
export async function openStation(options: StationOptions): Promise<Station> {
  const { log, folder } = options
  log({ event: 'open', version: options.appVersion, demo: options.demo })
  const clock = startClock(options.clock ?? SYSTEM_CLOCK)
  let { key } = options
  let open: OpenFile | null = null
  let trouble: TroubleCode | null = null
  let attempt: Promise<void> | null = null
  let isClosing = false
  let isRenewing = false
  let untold = NOTHING
  const windows = openWindows({ act, view, fileFailed }, log)

  /** One at a time; whoever asks meanwhile waits for the same. */
  function tryOpening(): Promise<void> {
    attempt ??= openFile().finally(() => (attempt = null))
    return attempt
  }

  async function openFile(): Promise<void> {
    if (open !== null || isClosing) return
    const { patienceMs = PATIENCE_MS } = options
    if (typeof key === 'string') {
      trouble = key
      tell({ session: true })
      return
    }
    try {
      const file = { folder, key, patienceMs, now: () => clock.now(), log }
      const parts = { folder, demo: options.demo, recovery, clock, log, tell, fileFailed }
      open = await openClinicFile(file, (store) => runOnFile(store, parts))
      trouble = null
    } catch (error) {
      const code = troubleOf(error)
      if (code === null) throw error
      if (code !== trouble) log({ event: 'cannot-open', code })
      trouble = code
    }
    tell({ session: true })
  }

  /** A fault of the disk ends the work on this file: what is on it is read again from the beginning. */
  function fileFailed(error: unknown): void {
    const known = toStorageError(error)
    const code = known instanceof StorageError ? known.code : null
    if (open === null || (code !== 'DAMAGED' && code !== 'DISK_FAILED')) return
    log({ event: 'file-failed', code })
    const failed = open
    open = null
    trouble = code === 'DAMAGED' ? 'REPLACING' : code
    tell({ session: true })
    attempt = openAnew(failed, code)
      .catch((error: unknown) => {
        log({ event: 'cannot-reopen', at: placeOf(error) })
        trouble = troubleOf(error) ?? 'DAMAGED'
        tell({ session: true })
      })
      .finally(() => (attempt = null))
  }

  async function openAnew(failed: OpenFile, code: StorageErrorCode): Promise<void> {
    try {
      // Also if this process ends before the new file is made.
      if (code === 'DAMAGED') beginReplacing(folder, clock.now())
    } finally {
      // Closing a broken file may fail too; the next opening says what is the matter.
      await failed.close().catch(() => undefined)
    }
    await openFile()
  }

  const ofFile: Pick<ActionHandlers, FileAction> = {
    async tryAgain() {
      await tryOpening()
      return {}
    },
    async openWithRecoveryCode({ code }) {
      if (trouble === null || !RECOVERED_BY_CODE.includes(trouble)) throw new AppError('INVALID')
      const recovered = recoverKey(folder, code)
      if (recovered === null) throw new AppError('INVALID', { issues: ['code'] })
      await options.keepKey?.(recovered)
      key = recovered
      log({ event: 'recovered' })
      await tryOpening()
      return {}
    },
  }

  const recovery: Recovery = {
    has: () => hasRecovery(folder),
    async keep(code) {
      // Two at once would each tell another of the owner and the computer.
      if (isRenewing) throw new AppError('UNAVAILABLE')
      isRenewing = true
      try {
        return await keepCode(code)
      } finally {
        isRenewing = false
      }
    },
  }

  async function keepCode(code: string): Promise<boolean> {
    if (typeof key === 'string') return false
    const { keepKey } = options
    if (keepKey === undefined || !replacesRecovery(folder, code))
      return keepRecovery(folder, key, code)
    try {
      key = await renewKey(folder, { key, code, keepKey })
      log({ event: 'key-renewed' })
    } catch (error) {
      // The code counts all the same, if it could be written: by it the present key is found too.
      if (replacesRecovery(folder, code)) throw error
      log({ event: 'key-not-renewed', at: placeOf(error) })
    }
    return true
  }

  async function act<A extends ActionName>(name: A, input: ActionInput<A>) {
    const handlers: Partial<ActionHandlers> = ofFile
    return handlers[name]?.(input) ?? requireOpen().act(name, input)
  }

  function requireOpen(): OpenFile {
    if (open === null) throw new AppError(trouble === null ? 'UNAVAILABLE' : CODE_OF[trouble])
    return open
  }

  function view<Q extends QueryName>(query: Q, params: QueryParams<Q>): View {
    if (query !== 'session') return open?.view(query, params) ?? refusedView('UNAVAILABLE')
    // Windows watch it across everything that may happen to the file.
    let of: { file: OpenFile; view: View } | null = null
    return {
      dependsOn: ({ session, sync, clock: tick, collections }) =>
        session || sync || tick || collections.has('clinic'),
      compute() {
        if (open === null) return viewTrouble(trouble ?? 'REPLACING')
        if (of?.file !== open) of = { file: open, view: open.view('session', {}) }
        return of.view.compute()
      },
    }
  }

  function viewTrouble(code: TroubleCode): SessionView {
    const canRecover = RECOVERED_BY_CODE.includes(code) && hasRecovery(folder)
    return { status: 'TROUBLE', code, canRecover }
  }

  /**
   * In a turn of its own: a command's answer and its way to the server go before the views, and the
   * changes of one turn are one change to them.
   */
  function tell(change: Partial<Change>): void {
    if (untold === NOTHING) setImmediate(tellNow)
    untold = mergeChanges(untold, { ...NOTHING, ...change })
  }

  function tellNow(): void {
    const change = untold
    untold = NOTHING
    if (!isClosing) windows.tell(change)
  }

  function tick(): void {
    tell({ clock: true })
    if (trouble === null || !PASSES.includes(trouble)) return
    tryOpening().catch((error: unknown) => log({ event: 'cannot-open', at: placeOf(error) }))
  }

  await tryOpening()
  const ticking = setInterval(tick, TICK_MS)

  return {
    connect: windows.connect,
    async close() {
      clearInterval(ticking)
      isClosing = true
      await attempt
      await open?.close()
      log({ event: 'closed' })
    },
  }
}

/** To a window that asks for work meanwhile. */
const CODE_OF: Record<TroubleCode, ErrorCode> = {
  LOCKED: 'LOCKED',
  WRONG_KEY: 'WRONG_KEY',
  DAMAGED: 'DAMAGED',
  REPLACING: 'DAMAGED',
  NEWER: 'PROTOCOL_VERSION',
  DISK_FULL: 'DISK_FULL',
  DISK_FAILED: 'UNAVAILABLE',
  CANNOT_OPEN: 'UNAVAILABLE',
  KEY_MISSING: 'WRONG_KEY',
  KEY_UNREADABLE: 'WRONG_KEY',
}

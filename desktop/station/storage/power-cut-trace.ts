import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'vitest'

import type { Victim } from './test-victim.ts'

/** Records a writer by power-cut.c, and makes the disk that a power cut at some moment would have left. */

const KINDS = ['NAMED', 'WRITTEN', 'SYNCED', 'CUT', 'REMOVED', 'SAID'] as const
const HEAD_BYTES = 32
/** What a disk writes whole. */
const SECTOR_BYTES = 512

export interface TraceEvent {
  readonly kind: (typeof KINDS)[number]
  readonly file: number
  readonly offset: number
  readonly data: Buffer
}

/** Null: there is no C compiler here, or no LD_PRELOAD. */
export function buildShim(folder: string): string | null {
  if (process.platform !== 'linux') return null
  const built = join(folder, 'power-cut.so')
  const source = join(import.meta.dirname, 'power-cut.c')
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', built, source, '-ldl'])
  return status === 0 ? built : null
}

/** What a whole life of a writer did to its disk, and said. */
export function recordWriter(
  victim: Victim,
  shim: string,
  args: (path: string) => readonly (string | number)[],
): TraceEvent[] {
  const folder = victim.newFolder()
  const trace = join(victim.newFolder(), 'trace')
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    [victim.script, ...args(join(folder, 'clinic.db')).map(String)],
    {
      env: {
        ...process.env,
        LD_PRELOAD: shim,
        TRACE_FOLDER: folder,
        TRACE_FILE: trace,
        FULL_FLAG: `${trace}-full`,
        BROKEN_FLAG: `${trace}-broken`,
      },
    },
  )
  // One may end itself as a kill would.
  expect([status ?? signal, stderr.toString()]).toEqual([signal === null ? 0 : 'SIGKILL', ''])
  return readTrace(trace)
}

function readTrace(path: string): TraceEvent[] {
  const bytes = readFileSync(path)
  const events: TraceEvent[] = []
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const word = (n: number): number => Number(bytes.readBigUInt64LE(at + 8 * n))
    const kind = KINDS[word(0) - 1]
    if (kind === undefined) throw new Error(`no kind ${word(0)} in the trace`)
    const length = word(3)
    const data = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    events.push({ kind, file: word(1), offset: word(2), data })
    at += HEAD_BYTES + length
  }
  return events
}

interface FileOnDisk {
  readonly name: string
  readonly isFolder: boolean
  bytes: Buffer
  unsynced: TraceEvent[]
}

/** DROPPED: nothing after the last fsync. KEPT: all of it. SOME: any part of it, torn between sectors. */
type Fate = 'DROPPED' | 'KEPT' | 'SOME'

/** In turn, as often as each is worth a try. */
export const FATES: readonly Fate[] = ['SOME', 'SOME', 'SOME', 'DROPPED', 'KEPT']

/** What was said before the cut, line by line. */
export function linesIn(events: readonly TraceEvent[]): string[] {
  return events
    .filter(({ kind }) => kind === 'SAID')
    .flatMap(({ data }) => data.toString().trimEnd().split('\n'))
}

/**
 * Writes the files as they would be found after a power cut behind `events`. Each file has what it had at its last
 * fsync; of what came after, each write by itself is there, is not, or is torn.
 */
export function cutPower(events: readonly TraceEvent[], folder: string, fate: Fate): void {
  const files = new Map<number, FileOnDisk>()
  const paths = events.filter(({ kind }) => kind === 'NAMED').map(({ data }) => data.toString())
  for (const event of events) {
    const file = files.get(event.file)
    if (event.kind === 'NAMED')
      files.set(event.file, {
        name: basename(event.data.toString()),
        isFolder: paths.some((path) => path.startsWith(`${event.data.toString()}/`)),
        bytes: Buffer.alloc(0),
        unsynced: [],
      })
    else if (file === undefined) continue
    else if (event.kind === 'SYNCED') {
      for (const write of file.unsynced) file.bytes = apply(file.bytes, write)
      file.unsynced = []
      if (file.isFolder) for (const each of files.values()) keepRemoval(each)
    } else if (event.kind !== 'SAID') file.unsynced.push(event)
  }
  for (const { name, isFolder, bytes, unsynced } of files.values()) {
    if (isFolder) continue
    let left = bytes
    for (const write of unsynced) {
      const isThere = fate === 'KEPT' || (fate === 'SOME' && Math.random() < 0.6)
      if (!isThere) continue
      left = apply(left, fate === 'SOME' && Math.random() < 0.3 ? tear(write) : write)
    }
    writeFileSync(join(folder, name), left)
  }
}

/** Names are the folder's: a file is gone for good once that was synced. */
function keepRemoval(file: FileOnDisk): void {
  const last = file.unsynced.findLastIndex(({ kind }) => kind === 'REMOVED')
  if (last < 0) return
  file.bytes = Buffer.alloc(0)
  file.unsynced = file.unsynced.slice(last + 1)
}

function apply(bytes: Buffer, { kind, offset, data }: TraceEvent): Buffer {
  if (kind === 'REMOVED') return Buffer.alloc(0)
  if (kind === 'CUT') return Buffer.concat([bytes.subarray(0, offset)], offset)
  const end = offset + data.length
  const grown = end > bytes.length ? Buffer.concat([bytes], end) : bytes
  data.copy(grown, offset)
  return grown
}

/** Its first sectors only, or only its last. */
function tear(write: TraceEvent): TraceEvent {
  const sectors = Math.ceil(write.data.length / SECTOR_BYTES)
  const at = Math.floor(Math.random() * sectors) * SECTOR_BYTES
  return Math.random() < 0.5
    ? { ...write, data: write.data.subarray(0, at) }
    : { ...write, offset: write.offset + at, data: write.data.subarray(at) }
}

import { closeSync, copyFileSync, fstatSync, openSync, readSync } from 'node:fs'

/**
 * SQLite reads its log up to the first frame that is not whole and silently drops the rest: after a power cut that is
 * the transaction nobody was told of; after a flipped byte it may be commits that somebody was. Frame headers are
 * plain also in an encrypted log (sqlite.org/fileformat2.html#the_write_ahead_log), so the two can be counted apart.
 */
const LOG_HEADER = 32
const FRAME_HEADER = 24
const SALTS = { at: 16, bytes: 8 }

/** Positions (from 1) of the frames that end a commit, of the log's present generation. */
export function commitsInLog(path: string, pageBytes: number): number[] {
  let file
  try {
    file = openSync(path, 'r')
  } catch {
    return []
  }
  try {
    const { size } = fstatSync(file)
    const header = Buffer.alloc(LOG_HEADER)
    if (readSync(file, header, 0, LOG_HEADER, 0) < LOG_HEADER) return []
    const frame = Buffer.alloc(FRAME_HEADER)
    const stride = FRAME_HEADER + pageBytes
    let salts = isWhole(header) ? header.subarray(SALTS.at, SALTS.at + SALTS.bytes) : null
    const commits: number[] = []
    for (let n = 1; LOG_HEADER + n * stride <= size; n++) {
      readSync(file, frame, 0, FRAME_HEADER, LOG_HEADER + (n - 1) * stride)
      const own = frame.subarray(8, 8 + SALTS.bytes)
      // Without its header the log's first frame says which generation it is.
      salts ??= Buffer.from(own)
      // An older generation, already in the file, may follow. One frame's bad header is not the end.
      if (own.equals(salts) && frame.readUInt32BE(4) > 0) commits.push(n)
    }
    return commits
  } finally {
    closeSync(file)
  }
}

/** Keeps the log as it was found, for whoever may still read what SQLite would not. */
export function keepLog(path: string, now: number): void {
  copyFileSync(path, `${path}.kept-${now}`)
}

/** The header's own checksum (the algorithm of section 4.1 of the file format), over its first 24 bytes. */
function isWhole(header: Buffer): boolean {
  const magic = header.readUInt32BE(0)
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return false
  const isBig = magic === 0x377f0683
  const word = (at: number): number => (isBig ? header.readUInt32BE(at) : header.readUInt32LE(at))
  let first = 0
  let second = 0
  for (let at = 0; at < 24; at += 8) {
    first = (first + word(at) + second) >>> 0
    second = (second + word(at + 4) + first) >>> 0
  }
  return header.readUInt32BE(24) === first && header.readUInt32BE(28) === second
}

/** Which way is good: time goes down, throughput goes up. */
export type Better = 'LESS' | 'MORE'

/** One number of one suite, as printed and as `--json` keeps it. */
export interface Row {
  readonly suite: string
  readonly figure: string
  readonly unit: string
  readonly better: Better
  /** Median of the runs. */
  readonly ours: number
  /** Of the runs: how far to trust the median. */
  readonly spread: readonly [number, number]
  readonly runs: number
  /** The raw library or database at the same work, in the same run on the same machine; or nothing to compare with. */
  readonly floor: number | null
  readonly floorIs: string | null
  /** Others at the same work. A name says so where the figure is not of this run. */
  readonly peers: Readonly<Record<string, number>>
  /** How many times worse than the floor: above 1 is slower, whichever way is good. */
  readonly ratio: number | null
  readonly mark: Mark | null
  readonly met: boolean | null
}

/** What was promised: a bound on the figure itself or on its ratio to the floor. */
export interface Mark {
  readonly of: 'OURS' | 'RATIO'
  readonly bound: number
}

export interface Measured {
  readonly suite: string
  readonly figure: string
  readonly unit: string
  readonly better: Better
  /** One value for each run. */
  readonly ours: readonly number[]
  readonly floor?: { readonly runs: readonly number[]; readonly is: string }
  readonly peers?: Readonly<Record<string, number>>
  readonly mark?: Mark
}

/** @param values at least one */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/**
 * By linear interpolation between the two nearest ranks (Hyndman and Fan, 1996, definition 7).
 *
 * @param values at least one, in any order
 * @param p 0 to 100
 */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const at = ((sorted.length - 1) * p) / 100
  const below = sorted[Math.floor(at)]
  const above = sorted[Math.ceil(at)]
  if (below === undefined || above === undefined) throw new RangeError('no values')
  return below + (above - below) * (at - Math.floor(at))
}

export function toRow(measured: Measured): Row {
  const { suite, figure, unit, better, peers = {}, mark = null } = measured
  const ours = median(measured.ours)
  const floor = measured.floor === undefined ? null : median(measured.floor.runs)
  const ratio = floor === null ? null : better === 'LESS' ? ours / floor : floor / ours
  return {
    suite,
    figure,
    unit,
    better,
    ours,
    spread: [Math.min(...measured.ours), Math.max(...measured.ours)],
    runs: measured.ours.length,
    floor,
    floorIs: measured.floor?.is ?? null,
    peers,
    ratio,
    mark,
    met: mark === null ? null : isMet(mark, { ours, ratio, better }),
  }
}

function isMet(
  { of, bound }: Mark,
  { ours, ratio, better }: { ours: number; ratio: number | null; better: Better },
): boolean {
  if (of === 'RATIO') return ratio !== null && ratio <= bound
  return better === 'LESS' ? ours <= bound : ours >= bound
}

const HEADINGS = ['figure', 'unit', 'ours', 'of the runs', 'floor', 'ratio', 'mark', ''] as const
/** Numbers stand right under each other. */
const RIGHT = new Set<number>([2, 3, 4, 5, 6])

/** An aligned table, and below it what the floors and peers are. */
export function printRows(rows: readonly Row[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)]
  const widths = HEADINGS.map((_, column) =>
    Math.max(...cells.map((line) => (line[column] ?? '').length)),
  )
  const lines = cells.map((line) =>
    widths
      .map((width, column) => {
        const cell = line[column] ?? ''
        return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
  return [...lines, ...notesOf(rows)].join('\n')
}

function cellsOf(row: Row): string[] {
  const { figure, unit, better, ours, spread, runs, floor, ratio, mark, met } = row
  return [
    `${better === 'LESS' ? '↓' : '↑'} ${figure}`,
    unit,
    formatNumber(ours),
    runs > 1 ? `${formatNumber(spread[0])}–${formatNumber(spread[1])}` : '',
    floor === null ? '' : formatNumber(floor),
    ratio === null ? '' : `${ratio.toFixed(2)}x`,
    mark === null ? '' : formatMark(mark, better),
    met === null ? '' : met ? 'met' : 'MISSED',
  ]
}

function formatMark({ of, bound }: Mark, better: Better): string {
  if (of === 'RATIO') return `≤ ${bound.toFixed(2)}x`
  return `${better === 'LESS' ? '≤' : '≥'} ${formatNumber(bound)}`
}

function notesOf(rows: readonly Row[]): string[] {
  const named = rows.filter(({ floorIs }) => floorIs !== null)
  const byFloor = Map.groupBy(named, ({ floorIs }) => floorIs)
  const floors = [...byFloor].map(([floor, of]) =>
    byFloor.size === 1
      ? `  floor: ${floor}`
      : `  floor of ${[...new Set(of.map(({ figure }) => withoutPercentile(figure)))].join('; ')}: ${floor}`,
  )
  const peers = rows.flatMap(({ figure, unit, peers }) =>
    Object.entries(peers).map(
      ([name, value]) => `  peer for ${figure}: ${name} ${formatNumber(value)} ${unit}`,
    ),
  )
  return [...floors, ...peers]
}

function withoutPercentile(figure: string): string {
  return figure.replace(/, p\d+$/, '')
}

/** Three digits that say something, thousands apart. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

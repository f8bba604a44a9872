/** One line of the station's log: ids, codes and names only, never a patient's data. */
export interface LogLine {
  readonly event: string
  readonly [field: string]: string | number | boolean | null
}
export type StationLog = (line: LogLine) => void

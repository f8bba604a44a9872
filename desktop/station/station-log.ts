/** One line of the station's log: ids, codes and names only, never a patient's data. */
export type LogLine = Readonly<Record<string, string | number | boolean | null>>
export type StationLog = (line: LogLine) => void

import type { ContractPort } from '#desktop/station/contract/port.ts'

/**
 * Where a window gets its ports to the station. A line hands over a fresh port each time the station
 * (re)starts; only the latest one is alive.
 */
export interface ContractLine {
  open: (onPort: (port: ContractPort) => void) => void
}

import type { ShellBridge } from '#desktop/station/contract/shell.ts'
import type { ContractLine } from './contract-line.ts'
import { shellLine } from './shell-line.ts'
import { webSocketLine } from './web-socket-line.ts'

declare global {
  interface Window {
    /** Electron's bridge; absent in a browser. */
    readonly dawr?: ShellBridge
  }
}

export function stationLine(): ContractLine {
  return window.dawr === undefined ? webSocketLine() : shellLine(window.dawr)
}

/** One window's line to the station: a MessagePort in Electron, a WebSocket in the dev host. */
export interface ContractPort {
  send: (message: unknown) => void
  onMessage: (listener: (message: unknown) => void) => void
  onClose: (listener: () => void) => void
}

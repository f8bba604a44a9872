import { PORT_MESSAGE, type ShellBridge } from '#desktop/station/contract/shell.ts'
import type { ContractPort } from '#desktop/station/contract/port.ts'
import type { ContractLine } from './contract-line.ts'

/** In Electron: the shell posts a MessagePort into the page, and a new one after a restart. */
export function shellLine(bridge: ShellBridge): ContractLine {
  return {
    open(onPort) {
      let retire = (): void => undefined
      window.addEventListener('message', (event) => {
        // Only the page itself may hand a port in; a frame inside it has another source.
        if (event.source !== window || event.origin !== window.location.origin) return
        const port = event.data === PORT_MESSAGE ? event.ports[0] : undefined
        if (port === undefined) return
        retire()
        const { contractPort, close } = portOf(port)
        retire = close
        onPort(contractPort)
      })
      bridge.requestPort()
    },
  }
}

function portOf(port: MessagePort): { contractPort: ContractPort; close: () => void } {
  const closed = new Set<() => void>()
  const close = (): void => {
    port.close()
    for (const listener of closed) listener()
    closed.clear()
  }
  port.addEventListener('close', close)
  return {
    close,
    contractPort: {
      send: (message) => port.postMessage(message),
      onMessage(listener) {
        port.addEventListener('message', (event: MessageEvent<unknown>) => listener(event.data))
        port.start()
      },
      onClose: (listener) => void closed.add(listener),
    },
  }
}

import type { ContractPort } from '#desktop/station/contract/port.ts'
import { CONTRACT_WEBSOCKET_PATH } from '#desktop/station/contract/shell.ts'
import type { ContractLine } from './contract-line.ts'

const FIRST_RETRY_MS = 150
const LONGEST_RETRY_MS = 2_000

/** In a browser of this machine: the development host's WebSocket, opened again when it falls. */
export function webSocketLine(): ContractLine {
  return {
    open(onPort) {
      let retryMs = FIRST_RETRY_MS
      const dial = (): void => {
        const url = new URL(CONTRACT_WEBSOCKET_PATH, window.location.href)
        url.protocol = url.protocol.replace('http', 'ws')
        const socket = new WebSocket(url)
        socket.addEventListener('open', () => {
          retryMs = FIRST_RETRY_MS
          onPort(socketPort(socket))
        })
        socket.addEventListener('close', () => {
          setTimeout(dial, retryMs)
          retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
        })
      }
      dial()
    },
  }
}

function socketPort(socket: WebSocket): ContractPort {
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
    },
    onMessage(listener) {
      socket.addEventListener('message', (event: MessageEvent<unknown>) => {
        if (typeof event.data === 'string') listener(JSON.parse(event.data))
      })
    },
    onClose: (listener) => socket.addEventListener('close', listener),
  }
}

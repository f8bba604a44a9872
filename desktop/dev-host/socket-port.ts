import type { WebSocket } from 'ws'
import type { ContractPort } from '#desktop/station/contract/port.ts'

/** A window's WebSocket as the station sees it: the contract's messages, as JSON text. */
export function socketPort(socket: WebSocket): ContractPort {
  // A frame that breaks the protocol or is too long; `ws` closes the line itself, and `close` follows.
  socket.on('error', () => undefined)
  return {
    send(message) {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
    },
    onMessage(listener) {
      socket.on('message', (data, isBinary) => {
        const message = Buffer.isBuffer(data) && !isBinary ? parseJson(data.toString()) : undefined
        // What is not JSON is no message of any version: end the line rather than guess.
        if (message === undefined) socket.close(1003)
        else listener(message)
      })
    },
    onClose(listener) {
      socket.once('close', listener)
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { contextBridge, ipcRenderer } from 'electron'
import type {
  PORT_MESSAGE,
  Printer,
  PrintResult,
  ShellBridge,
  ShellChannel,
} from '#desktop/station/contract/shell.ts'

// Types only from the contract: a sandboxed preload loads one file, and should be read in a minute.
const portMessage: typeof PORT_MESSAGE = 'dawr:port'

const ask = <T>(channel: ShellChannel, request?: unknown): Promise<T> =>
  ipcRenderer.invoke(channel, request)

const bridge: ShellBridge = {
  requestPort: () => ipcRenderer.send('shell:request-port' satisfies ShellChannel),
  print: (request) => ask<PrintResult>('shell:print', request),
  savePdf: (request) => ask<PrintResult>('shell:save-pdf', request),
  printers: () => ask<Printer[]>('shell:printers'),
}

contextBridge.exposeInMainWorld('dawr', bridge)

// A port cannot cross the bridge; it can cross by a message of the page's own window to itself.
ipcRenderer.on('shell:port' satisfies ShellChannel, (event) => {
  window.postMessage(portMessage, window.location.origin, event.ports)
})

import { ipcMain, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron'
import {
  PdfRequest,
  PrintRequest,
  type PrintResult,
  type ShellChannel,
} from '#desktop/station/contract/shell.ts'
import { isTrustedSender } from './navigation.ts'
import { listPrinters, print, savePdf } from './printing.ts'
import type { StationProcess } from './station-process.ts'
import { isOwnWindow } from './windows.ts'

const INVALID: PrintResult = { ok: false, code: 'INVALID' }

/** All that a window may ask of the shell, in one place; each sender checked, each request parsed. */
export function serveShell(station: StationProcess): void {
  ipcMain.on('shell:request-port' satisfies ShellChannel, (event) => {
    if (mayAsk(event)) station.join(event.sender)
  })
  handle('shell:print', (event, payload) => {
    const request = PrintRequest.safeParse(payload)
    return request.success ? print(request.data, event.sender) : INVALID
  })
  handle('shell:save-pdf', (event, payload) => {
    const request = PdfRequest.safeParse(payload)
    return request.success ? savePdf(request.data, event.sender) : INVALID
  })
  handle('shell:printers', (event) => listPrinters(event.sender))
}

function handle(
  channel: ShellChannel,
  answer: (event: IpcMainInvokeEvent, payload: unknown) => unknown,
): void {
  ipcMain.handle(channel, (event, payload: unknown) =>
    mayAsk(event) ? answer(event, payload) : INVALID,
  )
}

function mayAsk(event: IpcMainEvent | IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame
  const sender = frame && { url: frame.url, isTopFrame: frame.parent === null }
  return isOwnWindow(event.sender) && isTrustedSender(sender)
}

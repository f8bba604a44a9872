import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { BrowserWindow, dialog, type WebContents } from 'electron'
import type {
  PdfRequest,
  Printer,
  PrintRequest,
  PrintResult,
} from '#desktop/station/contract/shell.ts'
import { offerPrintedDocument } from './app-protocol.ts'
import { layoutWidth, pageSize, printResult } from './printed-page.ts'
import { openPrintPage } from './windows.ts'

const NO_MARGINS = { marginType: 'none' } as const

export async function listPrinters(contents: WebContents): Promise<Printer[]> {
  const printers = await contents.getPrintersAsync()
  return printers.map(({ name, displayName }) => ({ name, label: displayName || name }))
}

export async function print(request: PrintRequest, asker: WebContents): Promise<PrintResult> {
  const { printer } = request
  if (printer !== undefined) {
    const known = await listPrinters(asker)
    if (!known.some(({ name }) => name === printer)) return { ok: false, code: 'NO_SUCH_PRINTER' }
  }
  return withDocument(request, (contents, height) => {
    const { promise, resolve } = Promise.withResolvers<PrintResult>()
    contents.print(
      {
        silent: printer !== undefined,
        ...(printer === undefined ? {} : { deviceName: printer }),
        printBackground: true,
        margins: NO_MARGINS,
        pageSize: pageSize(request.paper, height),
      },
      (success, reason) => resolve(printResult(success, reason)),
    )
    return promise
  })
}

export async function savePdf(request: PdfRequest, asker: WebContents): Promise<PrintResult> {
  const content = await withDocument(request, (contents) =>
    contents.printToPDF({
      printBackground: true,
      preferCSSPageSize: true,
      generateTaggedPDF: true,
      pageSize: request.paper === 'A5' ? 'A5' : 'A4',
    }),
  )
  const owner = BrowserWindow.fromWebContents(asker)
  if (!owner) return { ok: false, code: 'CANCELED' }
  const { filePath, canceled } = await dialog.showSaveDialog(owner, {
    defaultPath: basename(request.fileName),
    filters: [{ name: 'PDF', extensions: ['pdf'] }],
  })
  if (canceled || filePath === '') return { ok: false, code: 'CANCELED' }
  try {
    await writeFile(filePath, content)
    return { ok: true }
  } catch {
    return { ok: false, code: 'FAILED' }
  }
}

/** Lays the document out in a hidden page, waits for its fonts, and hands over its height in pixels. */
async function withDocument<T>(
  request: Pick<PrintRequest, 'html' | 'paper'>,
  output: (contents: WebContents, height: number) => Promise<T>,
): Promise<T> {
  const page = openPrintPage(layoutWidth(request.paper))
  const document = offerPrintedDocument(request.html)
  try {
    await page.loadURL(document.url)
    // Run from here, not by the document: its policy forbids it every script.
    const height: unknown = await page.webContents.executeJavaScript(
      'document.fonts.ready.then(() => document.documentElement.scrollHeight)',
    )
    return await output(page.webContents, typeof height === 'number' ? height : 0)
  } finally {
    document.withdraw()
    page.destroy()
  }
}

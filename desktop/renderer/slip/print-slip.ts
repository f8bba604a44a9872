import arabicFont from '@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-arabic-600-normal.woff2?url'
import latinFont from '@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-600-normal.woff2?url'
import type { PrintResult } from '#desktop/station/contract/shell.ts'
import type { Slip } from '#desktop/station/contract/slip.ts'
import type { Place } from '../ui/formats.ts'
import { slipDocument } from './slip-document.ts'

const PRINTER = 'dawr.ticketPrinter'

/** The printer that takes tickets without asking; null: the system's dialog asks. */
export function ticketPrinter(): string | null {
  return localStorage.getItem(PRINTER)
}

export function setTicketPrinter(name: string | null): void {
  if (name === null) localStorage.removeItem(PRINTER)
  else localStorage.setItem(PRINTER, name)
}

export async function printSlip(
  slip: Slip,
  place: Pick<Place, 'digits' | 'timeZone'>,
): Promise<PrintResult> {
  const html = slipDocument(slip, place, {
    arabic: new URL(arabicFont, document.baseURI).href,
    latin: new URL(latinFont, document.baseURI).href,
  })
  const shell = window.dawr
  if (shell === undefined) return printInFrame(html)
  const printer = ticketPrinter()
  return shell.print({
    html,
    paper: 'RECEIPT_80MM',
    ...(printer === null ? {} : { printer }),
  })
}

/** In a browser: a hidden frame of the same origin, printed once its letters are there. */
async function printInFrame(html: string): Promise<PrintResult> {
  document.getElementById('print-frame')?.remove()
  const frame = document.createElement('iframe')
  frame.id = 'print-frame'
  frame.dataset['testid'] = 'print-frame'
  frame.setAttribute('aria-hidden', 'true')
  frame.tabIndex = -1
  frame.style.cssText = 'position:fixed;inline-size:0;block-size:0;border:0;visibility:hidden'
  frame.srcdoc = html
  const { promise, resolve } = Promise.withResolvers<PrintResult>()
  frame.addEventListener('load', () => {
    const page = frame.contentWindow
    if (page === null) {
      resolve({ ok: false, code: 'FAILED' })
      return
    }
    void page.document.fonts.ready.then(() => {
      page.print()
      resolve({ ok: true })
    })
  })
  document.body.append(frame)
  return promise
}

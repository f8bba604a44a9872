import { z } from 'zod'

/**
 * What surrounds the contract: how a window gets its port to the station, what it may ask of the
 * shell, and what the shell tells the station's process. The shell knows no domain words.
 */

/** Where the development host serves the contract, as JSON text over a WebSocket. */
export const CONTRACT_WEBSOCKET_PATH = '/contract'

/**
 * `window.postMessage` data that carries a port (`event.ports[0]`) into the page, from the page's own
 * window and origin. It comes again, with a fresh port, when the station's process was restarted:
 * the page drops the old port and subscribes anew.
 */
export const PORT_MESSAGE = 'dawr:port'

/** 2 MB: a prescription with its fonts linked is under 50 KB; more is a mistake or an attack. */
const MAX_HTML = 2_000_000

export const PrintRequest = z.strictObject({
  /** A whole document. It is printed without scripts; fonts and images only from the app itself. */
  html: z.string().min(1).max(MAX_HTML),
  paper: z.enum(['A4', 'A5', 'RECEIPT_80MM']),
  /** The name of an installed printer: prints at once. Without it the system's dialog asks. */
  printer: z.string().min(1).optional(),
})
export type PrintRequest = z.infer<typeof PrintRequest>

export const PdfRequest = z.strictObject({
  ...PrintRequest.pick({ html: true, paper: true }).shape,
  /** Offered in the save dialog, without a folder. */
  fileName: z.string().min(1).max(120),
})
export type PdfRequest = z.infer<typeof PdfRequest>

export type PrintResult =
  | { ok: true }
  | { ok: false; code: 'CANCELED' | 'NO_SUCH_PRINTER' | 'FAILED' | 'INVALID' }

export interface Printer {
  /** As the system knows it: what PrintRequest names. */
  name: string
  /** As a person knows it. */
  label: string
}

/** `window.dawr` in Electron; absent in a browser, where a window uses the WebSocket and `print()`. */
export interface ShellBridge {
  /** Answered by PORT_MESSAGE. */
  requestPort(): void
  print(request: PrintRequest): Promise<PrintResult>
  savePdf(request: PdfRequest): Promise<PrintResult>
  printers(): Promise<Printer[]>
}

/** Names of the IPC channels between preload and main; types only, for a preload stays tiny. */
export type ShellChannel =
  | 'shell:request-port'
  | 'shell:port'
  | 'shell:print'
  | 'shell:save-pdf'
  | 'shell:printers'

/** 32 bytes. */
const FileKey = z.custom<Uint8Array>((key) => key instanceof Uint8Array && key.length === 32)

/** From the shell to the station's process, which parses it. The key travels here and nowhere else. */
export const ShellToStation = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    /** The profile's folder: the encrypted file lives in it. */
    folder: z.string().min(1),
    key: z.union([FileKey, z.enum(['KEY_MISSING', 'KEY_UNREADABLE'])]),
    demo: z.boolean(),
    /** Of a demo that makes itself ready: text that the shell does not read. */
    demoDesk: z.string().max(4_000).nullable(),
    appVersion: z.string().min(1),
  }),
  /** The answer to `keep-key`. */
  z.strictObject({ type: z.literal('key-kept'), kept: z.boolean() }),
  /** With one transferred port: a window. */
  z.strictObject({ type: z.literal('connect') }),
  /** Close the file and exit with code 0. */
  z.strictObject({ type: z.literal('close') }),
])
export type ShellToStation = z.infer<typeof ShellToStation>

/** From the station's process to the shell, which parses it. */
export const StationToShell = z.strictObject({
  /** The owner's code has brought the key back, or the file is to have another: the system's keystore is to have it. */
  type: z.literal('keep-key'),
  key: FileKey,
})
export type StationToShell = z.infer<typeof StationToShell>

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { protocol, type Session } from 'electron'
import { contentSecurityPolicy, printedDocumentPolicy } from './content-security-policy.ts'
import { APP_ORIGIN, APP_SCHEME, isAppUrl } from './navigation.ts'
import { rendererFile } from './renderer-file.ts'

const PRINT_PATH = '/print/'

/** Before the app is ready. Standard and secure: relative URLs, storage and an origin of its own. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
    },
  ])
}

/** Documents waiting to be printed, each served once to the hidden page that prints it. */
const printedDocuments = new Map<string, string>()

export function offerPrintedDocument(html: string): { url: string; withdraw(): void } {
  const path = `${PRINT_PATH}${randomUUID()}`
  printedDocuments.set(path, html)
  return { url: APP_ORIGIN + path, withdraw: () => void printedDocuments.delete(path) }
}

export function serveApp(session: Session, rendererFolder: string): void {
  session.protocol.handle(APP_SCHEME, (request) => answer(request, rendererFolder))
}

async function answer(request: Request, folder: string): Promise<Response> {
  if (request.method !== 'GET' || !isAppUrl(request.url)) return notFound()
  const { pathname } = new URL(request.url)
  if (pathname.startsWith(PRINT_PATH)) return printedDocument(pathname)
  const file = rendererFile(folder, pathname)
  if (!file) return notFound()
  try {
    const content = await readFile(file.path)
    return respond(new Uint8Array(content), file.contentType, contentSecurityPolicy())
  } catch {
    return notFound()
  }
}

function printedDocument(path: string): Response {
  const html = printedDocuments.get(path)
  printedDocuments.delete(path)
  if (html === undefined) return notFound()
  return respond(html, 'text/html; charset=utf-8', printedDocumentPolicy())
}

function respond(body: string | Uint8Array<ArrayBuffer>, type: string, policy: string): Response {
  return new Response(body, {
    headers: {
      'content-type': type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
    },
  })
}

function notFound(): Response {
  return new Response(null, { status: 404 })
}

import { extname, join, relative, resolve, sep } from 'node:path'

/** The kinds of files a build of the renderer has; what is not listed is not served. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.wav': 'audio/wav',
}

export interface RendererFile {
  path: string
  contentType: string
}

/** Which file of the renderer's folder a URL path names, or null. A path without a suffix is a page. */
export function rendererFile(folder: string, urlPath: string): RendererFile | null {
  const decoded = decode(urlPath)
  if (decoded === null || decoded.includes('\0') || decoded.includes('\\')) return null
  const name = extname(decoded) === '' ? 'index.html' : decoded
  const path = resolve(folder, join('.', name))
  const inside = relative(resolve(folder), path)
  if (inside === '' || inside.startsWith('..') || inside.split(sep).includes('..')) return null
  const contentType = CONTENT_TYPES[extname(path).toLowerCase()]
  return contentType === undefined ? null : { path, contentType }
}

function decode(urlPath: string): string | null {
  try {
    return decodeURIComponent(urlPath)
  } catch {
    return null
  }
}

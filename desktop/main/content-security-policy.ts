/**
 * The policy of every page of the app. Scripts come from the app's own files only. Style elements may
 * be inline, since the component library writes its variables so; with no image, font or connection
 * to the outside, a style has nowhere to send what it sees.
 * @param connect further origins a page may connect to: the development host's WebSocket
 */
export function contentSecurityPolicy(connect: readonly string[] = []): string {
  return serialise({
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'media-src': ["'self'"],
    'connect-src': ["'self'", ...connect],
    'worker-src': ["'self'"],
    'frame-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  })
}

/** A document that is being printed: text, styles, the app's fonts and logos. Nothing runs in it. */
export function printedDocumentPolicy(): string {
  return serialise({
    'default-src': ["'none'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  })
}

function serialise(policy: Record<string, string[]>): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
    .join('; ')
}

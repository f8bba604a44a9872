/** The one origin that windows may show. The custom scheme is registered as standard and secure. */
export const APP_SCHEME = 'app'
export const APP_ORIGIN = 'app://dawr'

export function isAppUrl(url: string): boolean {
  const parsed = URL.parse(url)
  // Not `parsed.origin`: Node calls a custom scheme's origin "null".
  return (
    parsed?.protocol === `${APP_SCHEME}:` &&
    parsed.host === 'dawr' &&
    parsed.username === '' &&
    parsed.password === ''
  )
}

/** A page stays in the app; nothing leads out, whatever text a record or an import carried in. */
export function mayNavigate(url: string): boolean {
  return isAppUrl(url)
}

/** What a page's `window.open` gets: another window of ours (the TV's), or nothing. */
export function windowOpenDecision(url: string): 'own-window' | 'refuse' {
  return isAppUrl(url) ? 'own-window' : 'refuse'
}

/** Behind the CSP: the renderer has no business on any network, the station does the talking. */
export function mayRequest(url: string): boolean {
  const parsed = URL.parse(url)
  if (!parsed) return false
  return isAppUrl(url) || ['data:', 'blob:', 'devtools:'].includes(parsed.protocol)
}

export interface Sender {
  url: string
  isTopFrame: boolean
}

/** Who may use the shell's IPC: the top frame of a page of ours, never a frame inside it. */
export function isTrustedSender(sender: Sender | null): boolean {
  return sender !== null && sender.isTopFrame && isAppUrl(sender.url)
}

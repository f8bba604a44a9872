import { isAppUrl } from './navigation.ts'

/** A full screen for the waiting room's TV, and copying text. No camera, no location, no devices. */
const ALLOWED: ReadonlySet<string> = new Set(['fullscreen', 'clipboard-sanitized-write'])

export function mayUse(permission: string, requestingUrl: string): boolean {
  return ALLOWED.has(permission) && isAppUrl(requestingUrl)
}

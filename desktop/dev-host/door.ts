import { timingSafeEqual } from 'node:crypto'

/** What the host knows about itself once it listens. */
export interface Door {
  /** `http://127.0.0.1:port` */
  origin: string
  token: string
  /** Browsers share cookies between ports of one host, so each host's cookie has its own name. */
  cookieName: string
}

export interface Caller {
  url: string
  host: string | undefined
  origin: string | undefined
  cookie: string | undefined
}

export type Admission =
  | { outcome: 'admitted' }
  /** The address with the token was opened: leave a cookie, and go on to the same page without it. */
  | { outcome: 'signed-in'; location: string; cookie: string }
  | { outcome: 'refused' }

/**
 * Loopback is open to every program and every web page of the machine. A page elsewhere that rebinds
 * its own name to 127.0.0.1 arrives with its own Host; one that fetches or opens a WebSocket across
 * origins arrives with its own Origin; neither has the token.
 */
export function admit(door: Door, caller: Caller): Admission {
  if (`http://${caller.host ?? ''}` !== door.origin) return { outcome: 'refused' }
  if (caller.origin !== undefined && caller.origin !== door.origin) return { outcome: 'refused' }
  const url = URL.parse(caller.url, door.origin)
  if (url?.origin !== door.origin) return { outcome: 'refused' }
  const offered = url.searchParams.get('token')
  if (offered !== null) return signIn(door, url, offered)
  return sameSecret(cookieValue(caller.cookie, door.cookieName), door.token)
    ? { outcome: 'admitted' }
    : { outcome: 'refused' }
}

/** A WebSocket is exempt from the same-origin rule, so here the Origin must be there and be ours. */
export function admitSocket(door: Door, caller: Caller): boolean {
  return caller.origin === door.origin && admit(door, caller).outcome === 'admitted'
}

function signIn(door: Door, url: URL, offered: string): Admission {
  if (!sameSecret(offered, door.token)) return { outcome: 'refused' }
  url.searchParams.delete('token')
  return {
    outcome: 'signed-in',
    location: url.pathname + url.search,
    cookie: `${door.cookieName}=${door.token}; HttpOnly; SameSite=Strict; Path=/`,
  }
}

function cookieValue(header: string | undefined, name: string): string {
  for (const part of (header ?? '').split(';')) {
    const [key, value] = part.trim().split('=')
    if (key === name) return value ?? ''
  }
  return ''
}

function sameSecret(offered: string, expected: string): boolean {
  const left = Buffer.from(offered)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}

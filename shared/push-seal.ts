/** The header of a push in which a station may send its signature of the whole body; base64url. */
export const SEAL_HEADER = 'dawr-seal'

/** Below it, a seal costs more than looking at each signature. */
export const SEALED_FROM = 4

/**
 * What a station signs of a push of many commands: looked at once, it says of each that this station's
 * key signed it. Of no use for anything else that a station signs, all of which begins otherwise.
 *
 * @param body JSON text of the request, before it is packed for the way
 */
export function sealText(body: string): string {
  return `dawr push 1\n${body}`
}

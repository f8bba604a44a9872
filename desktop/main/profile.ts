import { parseArgs } from 'node:util'

export interface Profile {
  /** Where this installation keeps everything; null: the system's usual place. */
  folder: string | null
  demo: boolean
}

/**
 * Which profile to open, from the command line. Unknown switches are Chromium's or the system's, and
 * none of ours is a secret: a command line can be read by every program of the machine.
 */
export function profileFrom(args: readonly string[]): Profile {
  const { values } = parseArgs({
    args: [...args],
    options: { 'profile-folder': { type: 'string' }, demo: { type: 'boolean' } },
    strict: false,
    allowPositionals: true,
  })
  const folder = values['profile-folder']
  return {
    folder: typeof folder === 'string' && folder !== '' ? folder : null,
    demo: values['demo'] === true,
  }
}

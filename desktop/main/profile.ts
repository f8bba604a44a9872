import { parseArgs } from 'node:util'

export interface Profile {
  /** Where this installation keeps everything; null: the system's usual place. */
  folder: string | null
  demo: boolean
  /** What the demo's station is told to make itself ready by; null in an installed app. */
  demoDesk: string | null
}

/**
 * Which profile to open, from the command line. Unknown switches are Chromium's or the system's, and
 * none of ours is a secret: a command line can be read by every program of the machine.
 */
export function profileFrom(
  args: readonly string[],
  { isPackaged }: { isPackaged: boolean },
): Profile {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'profile-folder': { type: 'string' },
      demo: { type: 'boolean' },
      'demo-desk': { type: 'string' },
    },
    strict: false,
    allowPositionals: true,
  })
  const folder = values['profile-folder']
  const demo = values['demo'] === true
  const desk = values['demo-desk']
  return {
    folder: typeof folder === 'string' && folder !== '' ? folder : null,
    demo,
    demoDesk: demo && !isPackaged && typeof desk === 'string' ? desk : null,
  }
}

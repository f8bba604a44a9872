import { LetterResponse } from '#shared/ticket.ts'
import { noteLastCommand, type ReplicaCore, takeLetter } from '../replica/replica-core.ts'
import type { StationLog } from '../station-log.ts'
import type { StationCredential } from './station-credential.ts'
import type { StationDoor } from './station-door.ts'

const LETTER_TIMEOUT_MS = 20_000

/** The letter before this station's numbers, which is another once numbers were lost or found taken. */
export interface StationLetter {
  /** Before anything made on it goes: the answer to the first token says whether this file is an old copy. */
  lookForCopy(): Promise<void>
  /** Before anything else: until it is here this desk can give out no number. */
  takeNew(): Promise<void>
  /** Asked for here, or given by the server, to which a number of this desk was not new. */
  note(): void
}

interface LetterParts {
  readonly core: ReplicaCore
  readonly door: StationDoor
  readonly credential: StationCredential
  readonly onChange: () => void
  readonly log: StationLog
}

export function openStationLetter(parts: LetterParts): StationLetter {
  const { core, door, onChange, log } = parts
  let { letter } = core
  return {
    async lookForCopy() {
      await parts.credential.accessToken()
      const behind = noteLastCommand(core, parts.credential.lastCommand())
      if (behind > 0) log({ event: 'old-copy', behind })
    },
    async takeNew() {
      const { letter } = await door.post({
        path: '/v1/letter',
        body: {},
        answer: LetterResponse,
        timeoutMs: LETTER_TIMEOUT_MS,
      })
      core.file.store.transaction(() => {
        takeLetter(core, letter)
        core.file.meta.remove('needsLetter')
      })
      onChange()
    },
    note() {
      if (core.letter === letter) return
      letter = core.letter
      log({ event: 'new-letter' })
    },
  }
}

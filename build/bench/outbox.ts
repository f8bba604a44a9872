import { randomBytes } from 'node:crypto'
import type { Command, CommandName, Write } from '#shared/commands.ts'
import { CommandId, makeUuidv7, type StationId, type UserId } from '#shared/ids.ts'
import { PROTOCOL_VERSION } from '#shared/protocol.ts'
import { SEAL_HEADER, SEALED_FROM, sealText } from '#shared/push-seal.ts'
import { formatStamp, nodeOfStation, type Stamp } from '#shared/stamp.ts'
import { privateKeyObject, signText } from '#desktop/station/replica/station-key.ts'
import type { Identity } from '#desktop/station/replica/station-meta.ts'
import { DESK } from './clinic.ts'

export interface Signed {
  readonly payload: string
  readonly signature: string
}

/** Who does what a command says, and when. */
export interface Fact {
  readonly at: Stamp
  readonly by: UserId
  readonly stationId: StationId
}

/** Makes commands as a station's own outbox would: numbered in order, stamped, signed. */
export function openOutbox({ stationId, key }: Identity) {
  const signingKey = privateKeyObject(key)
  const node = nodeOfStation(stationId)
  let seq = 0
  return {
    sign(name: CommandName, write: (fact: Fact) => Write[]): Signed {
      seq += 1
      const now = Date.now()
      const fact: Fact = { at: formatStamp(now, seq % 0xffff, node), by: DESK.userId, stationId }
      const payload = JSON.stringify({
        commandId: CommandId.parse(makeUuidv7(now, new Uint8Array(randomBytes(10)))),
        stationId,
        seq,
        name,
        by: fact.by,
        at: fact.at,
        seen: 0,
        writes: write(fact),
        decision: null,
      } satisfies Command)
      return { payload, signature: signText(signingKey, payload) }
    },
    /** The headers of a push, as a station sends it. */
    seal: (commands: readonly Signed[], body: string): Record<string, string> =>
      commands.length < SEALED_FROM ? {} : { [SEAL_HEADER]: signText(signingKey, sealText(body)) },
  }
}

/** The body of a request. */
export function printPush(commands: readonly Signed[]): string {
  return JSON.stringify({ protocol: PROTOCOL_VERSION, commands })
}

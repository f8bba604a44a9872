import type { StationId } from '#shared/ids.ts'
import { PublicKey, type SignedCommand } from '#shared/protocol.ts'
import { queryClinic } from '../database/clinic-tx.ts'
import type { ServerDeps, StationCredential } from '../server-deps.ts'
import type { ReadPush } from './push-body.ts'

/** Whose commands they are, by whose key, history and sessions they are judged; and who brings them. */
export interface Sender extends Pick<StationCredential, 'clinicId' | 'stationId' | 'publicKey'> {
  /** The station whose token the push came with: itself, or one that goes on in its place. */
  readonly broughtBy: StationId
  /** Of that one's checkpoint; null: it has none, or is of an app that does not say. */
  readonly epoch: string | null
}

/** Commands that follow each other in a push and are of one station. */
interface SentTogether {
  readonly sender: Sender
  readonly commands: readonly SignedCommand[]
}

/** As every station prints them. In another order of keys it can only be the pushing station's own, or nobody's. */
const MADE_BY = /^\{"commandId":"[^"]{1,64}","stationId":"([0-9a-f-]{36})"/

/** Those in whose place a station goes on, and those in whose place they did. */
const READ_FORMER = `
  WITH RECURSIVE line AS (
    SELECT former_id FROM stations WHERE clinic_id = $1 AND station_id = $2
    UNION
    SELECT s.former_id FROM line JOIN stations s ON s.clinic_id = $1 AND s.station_id = line.former_id)
  SELECT s.station_id AS "stationId", s.public_key AS "publicKey"
  FROM line JOIN stations s ON s.clinic_id = $1 AND s.station_id = line.former_id`

/**
 * A push by whose commands they are. What says it is of a station in whose place the pushing one does
 * not go on is taken for the pushing station's own, whose signature it has not got.
 */
export async function readSenders(
  deps: Pick<ServerDeps, 'pool'>,
  { clinicId, stationId, publicKey }: StationCredential,
  { commands, epoch }: Pick<ReadPush, 'commands' | 'epoch'>,
): Promise<SentTogether[]> {
  const own: Sender = { clinicId, stationId, publicKey, broughtBy: stationId, epoch }
  const makers = commands.map(({ payload }) => MADE_BY.exec(payload)?.[1] ?? stationId)
  if (makers.every((maker) => maker === stationId)) return [{ sender: own, commands }]
  // Not looked at again under the push's lock: who went on in whose place never changes.
  const former = await readFormer(deps, own)
  const runs: { sender: Sender; commands: SignedCommand[] }[] = []
  for (const [index, command] of commands.entries()) {
    const sender = former.get(makers[index] ?? '') ?? own
    const last = runs.at(-1)
    if (last?.sender === sender) last.commands.push(command)
    else runs.push({ sender, commands: [command] })
  }
  return runs
}

async function readFormer(
  { pool }: Pick<ServerDeps, 'pool'>,
  own: Sender,
): Promise<ReadonlyMap<string, Sender>> {
  const { rows } = await queryClinic<{ stationId: StationId; publicKey: string }>(
    pool,
    own.clinicId,
    READ_FORMER,
    [own.clinicId, own.stationId],
  )
  return new Map(
    rows.map(({ stationId, publicKey: x }) => [
      stationId,
      { ...own, stationId, publicKey: PublicKey.parse({ kty: 'OKP', crv: 'Ed25519', x }) },
    ]),
  )
}

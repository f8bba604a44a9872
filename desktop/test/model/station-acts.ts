import { beginLineAct } from './line-acts.ts'
import type { Confirmed } from './begun-act.ts'
import { type ActKind, isRecordAct } from './history-plan.ts'
import type { ModelStation } from './model-station.ts'
import { beginRecordAct } from './record-acts.ts'

/**
 * Does one act at a station as whoever sits there, on something its board or inbox shows. Mostly what
 * is offered there; one time in eight whatever there is, to be refused.
 *
 * @returns null when there is nothing to do it to
 */
export async function doAct(
  station: ModelStation,
  kind: ActKind,
  { choice, confirmed }: { choice: number; confirmed: readonly Confirmed[] },
): Promise<Confirmed | null> {
  const begun = isRecordAct(kind)
    ? await beginRecordAct(station, kind, { choice, confirmed })
    : await beginLineAct(station, kind, choice)
  if (begun === null) return null
  const { name, output, text } = begun
  return { station: station.number, name, output: await output, text }
}

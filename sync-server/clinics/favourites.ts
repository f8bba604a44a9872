import type { z } from 'zod'
import { Favourites } from '#shared/clinic.ts'
import type { ClinicTx } from '../database/clinic-tx.ts'
import { lockFeed } from '../sync/feed.ts'
import { type Act, readClinicBody, recordAct } from './admin-act.ts'

export const FavouritesChange = Favourites.pick({ prescriptions: true })
export type FavouritesChange = z.infer<typeof FavouritesChange>

/** Replaces the favourite prescriptions of the doctor who asks. Nobody else's: they are their hand. */
export async function replaceFavourites(
  tx: ClinicTx,
  { prescriptions }: FavouritesChange,
  act: Act,
): Promise<Favourites> {
  await lockFeed(tx)
  const id = `favourites:${act.by}`
  const after: Favourites = { kind: 'FAVOURITES', doctorId: act.by, prescriptions }
  await recordAct(tx, act, { id, before: await readClinicBody(tx, id, Favourites), after })
  return after
}

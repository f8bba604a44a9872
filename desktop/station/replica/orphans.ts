import { type CollectionName, WritableCollection } from '#shared/collections.ts'
import type { CommandName, Write } from '#shared/commands.ts'
import type { EntryKind } from '#shared/entry.ts'
import { CommandId, makeUuidv7, type StationId } from '#shared/ids.ts'
import type { ReplicaCore } from './replica-core.ts'

/** People may have read of the damage, and put it away, before it was known that this is missing. */
export function tellListed({ file: { meta }, clock }: ReplicaCore, listed: number): void {
  const told = meta.get('damage')
  meta.set('damage', {
    at: told?.at ?? clock.now(),
    kind: 'REPLACED',
    kept: told?.kept ?? 0,
    listed: (told?.listed ?? 0) + listed,
    whole: false,
  })
}

/** By which command each kind of document is first made; a person is told its name. */
const MADE_BY: Record<Exclude<WritableCollection, 'entries'>, CommandName> = {
  patients: 'registerPatient',
  visits: 'checkIn',
  appointments: 'bookAppointment',
  encounters: 'writeNotes',
  prescriptions: 'draftPrescription',
  invoices: 'issueInvoice',
  labResults: 'orderLab',
  inventory: 'saveStockItem',
}
const MADE_BY_ENTRY: Record<EntryKind, CommandName> = {
  PAYMENT: 'takePayment',
  REFUND: 'refund',
  WAIVER: 'waiveFee',
  INVOICE_VOID: 'voidInvoice',
  ADDENDUM: 'appendAddendum',
  STOCK_MOVEMENT: 'moveStock',
  DRAWER_SHIFT: 'countDrawer',
  CONSENT: 'recordConsent',
  RECORD_OPENED: 'openRecord',
}

function madeBy({ collection, next }: Write): CommandName {
  return collection === 'entries' ? MADE_BY_ENTRY[next.body.kind] : MADE_BY[collection]
}

/**
 * For a person to enter again, as if the server had refused them.
 *
 * @returns how many
 */
export function listOrphans(
  core: ReplicaCore,
  collection: CollectionName,
  ids: readonly string[],
): number {
  const written = WritableCollection.safeParse(collection).data
  if (written === undefined) return 0
  const { file, identity, clock } = core
  const own = new Set<StationId>([
    identity.stationId,
    ...(file.meta.get('formerly') ?? []).map(({ stationId }) => stationId),
  ])
  let listed = 0
  for (const id of ids) {
    const next = file.rows.byId(written, id)
    const made = next === null || !('created' in next) ? next : next.created
    if (next === null || made === null || !own.has(made.stationId)) continue
    // Cast: the collection and the document belong together
    const write = { collection: written, id, base: null, next } as Write
    const random = crypto.getRandomValues(new Uint8Array(10))
    file.outbox.reject({
      command: {
        commandId: CommandId.parse(makeUuidv7(clock.now(), random)),
        stationId: identity.stationId,
        seq: 1,
        name: madeBy(write),
        by: made.by,
        at: made.at,
        seen: 0,
        writes: [write],
        decision: null,
      },
      code: 'DAMAGED',
      details: {},
      answeredAt: clock.now(),
    })
    listed += 1
  }
  return listed
}

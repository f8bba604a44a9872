import { randomBytes, randomUUID } from 'node:crypto'
import type pg from 'pg'
import { CommandId, StationId } from '#shared/ids.ts'
import { serverStamp, writeAudit } from '#server/audit/append-audit.ts'
import { binaryArray, plainArray } from '#server/database/array-text.ts'
import { type ClinicTx, settleAll, withClinic } from '#server/database/clinic-tx.ts'
import { closeFeed, lockFeed, writeDocuments } from '#server/sync/feed.ts'
import { BENCH_CLINIC, DESK } from './clinic.ts'

const WRITE_DOCUMENTS_ALONE = `
  WITH counted AS (
    UPDATE feeds SET head = head + json_array_length($2::json) WHERE clinic_id = $1
    RETURNING head - json_array_length($2::json) AS before),
  written AS (
    INSERT INTO floor_feed (clinic_id, collection, id, seq, doc)
    SELECT $1, 'patients', r.doc ->> 'id', counted.before + r.n, r.doc
    FROM counted, jsonb_array_elements($2::jsonb) WITH ORDINALITY AS r (doc, n) RETURNING seq)
  SELECT max(seq) AS seq, pg_notify('dawr_floor', max(seq)::text) FROM written`

/** A table of the make of `documents`, so that the floor's do not fill the one that ours is measured on. */
export const MAKE_FLOOR_FEED = `
  CREATE TABLE IF NOT EXISTS floor_feed (LIKE documents INCLUDING ALL) PARTITION BY HASH (clinic_id);
  SELECT make_tenant_table('floor_feed');
  GRANT SELECT, INSERT ON floor_feed TO dawr_app`

/**
 * New documents into a table like that which a push of ours writes, under row-level security and the feed's lock,
 * in one statement and one round trip: no command, no answer to it, no audit.
 *
 * @param text JSON array of documents
 * @returns the feed number of the last
 */
export function writeDocumentsAlone(pool: pg.Pool, text: string): Promise<number | undefined> {
  return withClinic(pool, BENCH_CLINIC, async (tx) => {
    const [{ rows }] = await settleAll([
      tx.query<{ seq: number }>(WRITE_DOCUMENTS_ALONE, [tx.clinicId, text]),
      tx.commit(),
    ])
    return rows[0]?.seq
  })
}

/**
 * What a push of new documents leaves behind, and nothing of how it comes to that: the document, the command
 * with its answer, the audit's entry and what that keeps, under the feed's lock, row-level security and every
 * index, in one commit. Nothing is signed, read, judged, merged or hashed.
 */
export async function writeRowsOfPush(
  pool: pg.Pool,
  documents: readonly { id: string }[],
): Promise<void> {
  await withClinic(pool, BENCH_CLINIC, async (tx) => {
    const feed = await lockFeed(tx)
    const at = serverStamp(Date.now())
    const recordedAt = new Date().toISOString()
    const stationId = StationId.parse(STATION)
    const made = documents.map((document, index) => ({
      commandId: CommandId.parse(randomUUID()),
      id: document.id,
      seq: feed.head + index + 1,
      auditSeq: feed.auditHead + index + 1,
      doc: JSON.stringify(document),
    }))
    feed.head += made.length
    feed.auditHead += made.length
    feed.auditHash = HASH
    await settleAll([
      writeDocuments(
        tx,
        made.map(({ id, seq, doc }) => ({ collection: 'patients', id, seq, doc, meta: null })),
        () => true,
      ),
      writeCommands(tx, made, at),
      writeAudit(tx, {
        entries: made.map(({ commandId, id, auditSeq }) => ({
          clinicId: BENCH_CLINIC,
          seq: auditSeq,
          commandId,
          stationId,
          authorId: DESK.userId,
          name: 'registerPatient',
          at,
          admittedBy: null,
          touches: [`patients:${id}`],
          digests: [HASH],
          recordedAt,
          hash: HASH,
        })),
        payloads: made.map(({ id, auditSeq, doc }) => ({
          collection: 'patients',
          id,
          seq: auditSeq,
          salt: SALT,
          content: `{"before":null,"after":${doc}}`,
        })),
      }),
      closeFeed(tx, feed),
      tx.commit(),
    ])
  })
}

const STATION = '01930000-0000-7000-8000-0000000000ff'
const HASH = randomBytes(32).toString('hex')
const SALT = randomBytes(16).toString('hex')

async function writeCommands(
  tx: ClinicTx,
  made: readonly { commandId: string; id: string; seq: number }[],
  at: string,
): Promise<void> {
  await tx.query(
    `INSERT INTO commands (clinic_id, command_id, station_id, station_seq, name, author_id, at,
       seen, verdict, response, touches)
     SELECT $1, r.id, $3, r.seq, 'registerPatient', $4, $5, 0, 'ACCEPTED', r.response, '{}'
     FROM unnest($2::uuid[], $6::bigint[], $7::json[]) AS r (id, seq, response)`,
    [
      tx.clinicId,
      plainArray(made.map(({ commandId }) => commandId)),
      STATION,
      DESK.userId,
      at,
      plainArray(made.map(({ seq }) => seq)),
      binaryArray(
        'JSON',
        made.map(
          ({ commandId, id, seq }) =>
            `{"commandId":"${commandId}","verdict":"ACCEPTED","code":null,"details":{},"documents":[{"collection":"patients","id":"${id}","seq":${seq}}]}`,
        ),
      ),
    ],
  )
}

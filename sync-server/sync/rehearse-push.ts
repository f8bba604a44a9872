import type pg from 'pg'
import { settleAll } from '../database/clinic-tx.ts'
import { gather, prepared } from '../database/statement.ts'
import { NEWS_CHANNEL } from './clinic-news.ts'
import { CLOSE_FEED } from './feed.ts'
import { BY_KEY } from './load-documents.ts'
import { READ_STATE } from './load-working-set.ts'

/** No clinic's, station's or person's (RFC 9562 5.9). */
const NIL = '00000000-0000-0000-0000-000000000000'
/** PostgreSQL weighs a general plan when it has made five for given values (its manual, PREPARE). */
const UNTIL_PLANNED = 6

/**
 * Asks on a new connection what each push asks, of no clinic and for nothing, and takes it back. What
 * PostgreSQL then has read and planned, over 32 partitions of each table, took the first push 70 to 100 ms.
 */
export async function rehearsePush(client: pg.ClientBase): Promise<void> {
  gather(client)
  await settleAll([
    client.query(`BEGIN; SET LOCAL app.clinic_id = '${NIL}'`),
    client.query(prepared(READ_STATE, [NIL, NIL, NIL, [NIL], [], [NIL], 0, 1])),
    ...Array.from({ length: UNTIL_PLANNED }, () =>
      client.query(prepared(BY_KEY, [NIL, ['clinic'], ['settings']])),
    ),
    client.query(prepared(CLOSE_FEED, [NIL, 0, 0, '', NEWS_CHANNEL, '{}'])),
    client.query('ROLLBACK'),
  ])
}

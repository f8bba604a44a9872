import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyAudit } from '../audit/verify-audit.ts'
import { createRequests, plans } from './fuzz-requests.ts'
import { startTwoClinics, type TwoClinics } from './two-clinics.ts'

/** A share here; all 100,000 by FUZZ_BODIES (docs/testing.md). */
const BODIES = Number(process.env['FUZZ_BODIES'] ?? 1_500)
/** What a server may have kept between a quarter of the way and the end: caches, not bodies. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024

let clinics: TwoClinics
beforeAll(async () => {
  clinics = await startTwoClinics()
})
afterAll(() => clinics.close())

async function stateOfB(): Promise<unknown> {
  const { rows } = await clinics.B.clinic.within((tx) =>
    tx.query<{ state: unknown }>(
      `SELECT json_build_array(f.head, f.audit_head, (
         SELECT md5(string_agg(id || doc::text, ',' ORDER BY seq)) FROM documents
         WHERE clinic_id = $1)) AS state
       FROM feeds f WHERE f.clinic_id = $1`,
      [tx.clinicId],
    ),
  )
  return rows[0]?.state
}

/** What is held after all that can be let go was. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
  return process.memoryUsage().heapUsed
}

test('whatever a client sends, it is answered, nothing of another clinic is, and nothing is kept', async () => {
  const { A, B } = clinics
  const values = [
    B.clinic.clinicId,
    B.desk.stationId,
    B.patient.id,
    B.clinic.people.admin,
    A.clinic.clinicId,
    A.desk.stationId,
    A.patient.id,
    A.clinic.people.admin,
    B.desk.checkpoint?.epoch,
    { ...B.desk.checkpoint },
    B.patient.marks,
  ]
  const requestOf = createRequests(clinics)
  const before = await stateOfB()
  const statuses = new Map<number, number>()
  let sent = 0
  let early = 0
  const started = performance.now()
  await fc.assert(
    fc.asyncProperty(plans(values), async (plan) => {
      const response = await clinics.fetch(requestOf(plan))
      const { status } = response
      sent += 1
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (sent === Math.ceil(BODIES / 4)) early = heldBytes()
      if (response.headers.get('content-type') === 'text/event-stream') {
        await response.body?.cancel()
        return
      }
      const text = await response.text()
      expect(status, text).toBeLessThan(500)
      expect(text).not.toContain(B.marker)
      // A fault of ours that was answered politely.
      expect(text).not.toContain('"INTERNAL"')
      if (status >= 400) expect(JSON.parse(text)).toMatchObject({ ok: false })
    }),
    { numRuns: BODIES, endOnFailure: true },
  )
  const grown = heldBytes() - early
  const seconds = (performance.now() - started) / 1000
  process.stdout.write(
    `${sent} bodies in ${seconds.toFixed(0)} s, by status ${JSON.stringify(Object.fromEntries(statuses))}; ` +
      `heap ${(grown / 1024 / 1024).toFixed(1)} MiB more than a quarter of the way in\n`,
  )
  // The fuzzer must get past the doors often enough to mean something.
  expect(statuses.get(200) ?? 0).toBeGreaterThan(BODIES / 10)
  expect(await stateOfB()).toEqual(before)
  expect(grown).toBeLessThan(MAX_GROWTH_BYTES)
  for (const { clinic } of [A, B])
    expect(await clinic.within(verifyAudit)).toMatchObject({ ok: true })
  expect(clinics.logged).toEqual([])
}, 3_600_000)

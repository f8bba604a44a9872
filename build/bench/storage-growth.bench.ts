// The file of a clinic after three years: 500,000 documents, beside one with a tenth of them.
import { join } from 'node:path'
import { normalizeMangoQuery, prepareQuery, type MangoQuery, type RxStorageInstance } from 'rxdb'
import type { CollectionName } from '#shared/collections.ts'
import { ftsMatch, patientSearchQueries } from '#shared/patient-search.ts'
import { openDatabase } from '#desktop/station/replica/open-database.ts'
import { PATIENT_SEARCH } from '#desktop/station/replica/replica-file.ts'
import type { SearchQuery } from '#desktop/station/storage/search-query.ts'
import { openStore, type Store } from '#desktop/station/storage/store.ts'
import { createRandom } from '../demo/random.ts'
import { makeHistory, makePatients } from './documents.ts'
import { percentiles, chunks, timed } from './samples.ts'
import { type Bench, runSuite } from './suite.ts'

const KEY = new Uint8Array(32).fill(7)
/** Documents in one transaction, as a pulled page has them. */
const PAGE = 1_000

interface Figures {
  readonly loaded: number
  readonly bytes: { file: number; json: number }
  readonly byId: number[]
  readonly ofADay: number[]
  readonly counted: number[]
  readonly searched: number[]
  readonly changed: number[]
  readonly written: number[]
  readonly steps: number[]
  readonly deleted: { documents: number; freed: number }
  /** Of a search index whose normaliser has changed: opening, then each step of making it anew. */
  readonly anew: { opened: number; steps: number[] }
}

await runSuite('storage-growth', async (bench) => {
  const patients = bench.quick ? 1_000 : 100_000
  const small = await grow(bench, patients / 10)
  const large = await grow(bench, patients)
  const total = (patients * 5).toLocaleString('en-US')
  const is = 'the same file with a tenth of the documents'
  // A frame of the screen: what a window waits for may not take longer, however large the file.
  const mark = { of: 'OURS', bound: 16.7 } as const
  const compare = (figure: string, of: (figures: Figures) => number[]): void => {
    bench.add({
      figure: `${figure}, p50 at ${total} documents`,
      unit: 'ms',
      better: 'LESS',
      ours: percentiles([of(large)], 50),
      floor: { runs: percentiles([of(small)], 50), is },
      mark,
    })
  }
  bench.add({
    figure: 'documents taken in, pages of 1,000, search index included',
    unit: 'docs/s',
    better: 'MORE',
    ours: [large.loaded],
    floor: { runs: [small.loaded], is },
    mark: { of: 'RATIO', bound: 2 },
  })
  compare('one document by id', ({ byId }) => byId)
  compare("one day's visits", ({ ofADay }) => ofADay)
  compare('a count by index', ({ counted }) => counted)
  compare('a visit and its payment written', ({ written }) => written)
  compare('500 changes since a checkpoint', ({ changed }) => changed)
  // Ten times the patients share a name; of more than 2,000 only 2,000 are ranked.
  compare('a name of two words searched', ({ searched }) => searched)
  bench.add({
    figure: 'a document on disk, its indexes and its search included',
    unit: 'bytes',
    better: 'LESS',
    ours: [large.bytes.file],
    floor: { runs: [large.bytes.json], is: 'its JSON, _rev and _meta included' },
  })
  const { opened, steps: anew } = large.anew
  const ofIndex = `the search index of ${patients.toLocaleString('en-US')} patients, all its words changed`
  bench.add({
    figure: `${ofIndex}: opening`,
    unit: 'ms',
    better: 'LESS',
    ours: [opened],
  })
  bench.add({
    figure: `${ofIndex}: made anew, all steps`,
    unit: 'ms',
    better: 'LESS',
    ours: [anew.reduce((sum, ms) => sum + ms, 0)],
  })
  for (const p of [50, 99]) {
    bench.add({
      figure: `${ofIndex}: one step, p${p}`,
      unit: 'ms',
      better: 'LESS',
      ours: percentiles([anew], p),
      mark,
    })
  }
  for (const p of [50, 99]) {
    bench.add({
      figure: `one step of forgetting ${large.deleted.documents.toLocaleString('en-US')} tombstones, p${p}`,
      unit: 'ms',
      better: 'LESS',
      ours: percentiles([large.steps], p),
      mark,
    })
  }
  bench.add({
    figure: 'given back to the file by a forgotten tombstone',
    unit: 'bytes',
    better: 'MORE',
    ours: [large.deleted.freed],
  })
})

async function grow(bench: Bench, count: number): Promise<Figures> {
  const path = join(bench.folder('growth'), 'clinic.db')
  const store = openStore({ path, key: KEY, search: { patients: PATIENT_SEARCH } })
  const database = await openDatabase(store)
  const patients = makePatients(count, Date.now())
  const { visits, entries } = makeHistory(patients, count * 2, Date.now())
  const { ms } = await timed(() => {
    put(store, 'patients', patients)
    put(store, 'visits', visits)
    put(store, 'entries', entries)
  })
  const total = count * 5
  const bytes = { file: pragma(store, 'page_count') * 4096, json: jsonBytes(store) }
  // Cast: RxDB types the instance by its documents, which here are asked for by their fields' names.
  const instance = database.visits.storageInstance as unknown as RxStorageInstance<
    Record<string, unknown>,
    unknown,
    unknown
  >
  const random = createRandom(3)
  const samples = async (run: () => unknown): Promise<number[]> => {
    const times: number[] = []
    for (let sample = 0; sample < 300; sample += 1) times.push((await timed(run)).ms)
    return times.slice(50)
  }
  const asked = (query: MangoQuery<Record<string, unknown>>) => {
    const selector = { _deleted: { $eq: false }, ...query.selector }
    return prepareQuery(
      instance.schema,
      normalizeMangoQuery(instance.schema, { ...query, selector }),
    )
  }
  const figures = {
    loaded: (total * 1000) / ms,
    bytes: { file: bytes.file / total, json: bytes.json / total },
    byId: await samples(() => instance.findDocumentsById([random.pick(visits).id], false)),
    ofADay: await samples(() =>
      // As many visits in a day whatever the size: the days of the larger file are fuller.
      instance.query(asked({ selector: { queueDay: random.pick(visits).queueDay }, limit: 40 })),
    ),
    counted: await samples(() =>
      instance.count(asked({ selector: { patientId: random.pick(patients).id } })),
    ),
    searched: await samples(() => {
      const [query] = patientSearchQueries(
        random.pick(patients).name.split(' ').slice(0, 2).join(' '),
      )
      // Cast: `ftsMatch` quotes each word
      if (query !== undefined) store.search('patients', ftsMatch(query) as SearchQuery, 20)
    }),
    changed: await samples(() =>
      instance.getChangedDocumentsSince?.(500, { seq: random.int(count, count * 2) }),
    ),
    written: await samples(() =>
      store.transaction((tx) => {
        tx.put('visits', [random.pick(visits)])
        tx.put('entries', [random.pick(entries)])
      }),
    ),
  }
  const forgotten = await forget(store, instance, visits.slice(0, count / 5))
  await database.close()
  await store.close()
  return { ...figures, ...forgotten, anew: await changeNormaliser(path) }
}

/** Opens the file under a normaliser by which every word is another, and lets it make its index anew. */
async function changeNormaliser(path: string): Promise<Figures['anew']> {
  const patients = {
    version: PATIENT_SEARCH.version + 1,
    text: (document: Record<string, unknown>) =>
      PATIENT_SEARCH.text(document).replaceAll(/(?= |$)/g, 'x'),
  }
  const { ms: opened, result } = await timed(async () => {
    const store = openStore({ path, key: KEY, search: { patients } })
    return { store, database: await openDatabase(store) }
  })
  const { store, database } = result
  const steps: number[] = []
  for (let isDone = false; !isDone;) {
    const step = await timed(() => store.tidySearch())
    steps.push(step.ms)
    isDone = !step.result
  }
  await database.close()
  await store.close()
  return { opened, steps }
}

/** Deletes these visits, and forgets them. */
async function forget(
  store: Store,
  instance: RxStorageInstance<Record<string, unknown>, unknown, unknown>,
  visits: readonly object[],
): Promise<Pick<Figures, 'steps' | 'deleted'>> {
  put(
    store,
    'visits',
    visits.map((visit) => ({ ...visit, _deleted: true })),
  )
  const before = pragma(store, 'freelist_count')
  const steps: number[] = []
  for (let isDone = false; !isDone;) {
    const { ms, result } = await timed(() => instance.cleanup(-1))
    steps.push(ms)
    isDone = result
  }
  const freed = ((pragma(store, 'freelist_count') - before) * 4096) / visits.length
  return { steps, deleted: { documents: visits.length, freed } }
}

function put(store: Store, collection: CollectionName, documents: readonly object[]): void {
  for (const page of chunks(documents, PAGE)) {
    store.transaction((tx) => tx.put(collection, page as Array<Record<string, unknown>>))
  }
}

function pragma(store: Store, name: 'page_count' | 'freelist_count'): number {
  return Number(store.db.pragma(name, { simple: true }))
}

function jsonBytes({ db }: Store): number {
  const of = (collection: string): number =>
    db
      .prepare<[], number>(`SELECT sum(octet_length(json)) FROM "dawr/${collection}/0"`)
      .pluck()
      .get() ?? 0
  return of('patients') + of('visits') + of('entries')
}

import { expect, test } from 'vitest'
import { ImportView } from '../contract/import-view.ts'
import { ADMIN, DESK, feed, staffDoc } from '../replica/test-replica.ts'
import { openTestStation, type TestStation } from '../views/test-station.ts'
import { readCsvTable } from './csv-table.ts'

async function openForImport(): Promise<TestStation> {
  const station = await openTestStation()
  station.sit(ADMIN)
  return station
}

async function progressOf(station: TestStation): Promise<ImportView> {
  return ImportView.parse(await station.views.import({}).compute())
}

const FILE = [
  'اسم المريض;تليفون;رقم الملف;السن;ملاحظات',
  'أحمد على حسن;01001234567;12;40;',
  'منى سالم;;13;;"سكر',
  'وضغط"',
  ';01001234568;14;;',
  'احمد علي حسن;٠١٠٠١٢٣٤٥٦٧;15;;',
  'ليلى كامل;01x;16;;',
].join('\r\n')

test('a list comes in with its namesakes flagged and each bad cell named by line and column', async () => {
  const station = await openForImport()
  const done = await station.act.importCsv({ fileName: 'قائمة.csv', text: `\ufeff${FILE}` })
  expect(done).toEqual({ imported: 3, duplicates: 1, errorCount: 2 })
  const progress = await progressOf(station)
  expect(progress).toMatchObject({ running: false, fileName: 'قائمة.csv', done: 5, total: 5 })
  expect(progress.errors).toMatchObject([
    { line: 5, column: 'اسم المريض', code: 'CSV_NAME_MISSING' },
    { line: 7, column: 'تليفون', value: '01x' },
  ])
  expect(station.told.imports).toBeGreaterThan(1)
  const { hits } = await station.views.search({ text: 'احمد على', limit: 10 }).compute()
  expect(hits).toHaveLength(2)
  const [first, second] = hits.toSorted((a, b) => Number(a.fileNumber) - Number(b.fileNumber))
  expect([first?.possibleDuplicate, second?.possibleDuplicate]).toEqual([false, true])
  const patient = station.replica.read.patient(second?.patientId ?? '')
  expect(patient?.possibleDuplicateOf).toBe(first?.patientId)
  expect(patient?.phones).toEqual(['+201001234567'])
  expect(first?.birthDate).toBe('1986')
})

test('what was taken and is worth a look is named by line, and so is a column that was not understood', async () => {
  const station = await openForImport()
  const text = [
    'الاسم,هاتف,فصيلة الدم',
    'هدى منصور,01001234567,A+',
    ',999,',
    '"سارة',
    'فؤاد",999,B+',
  ].join('\n')
  const done = await station.act.importCsv({ fileName: 'قائمة.csv', text })
  expect(done).toEqual({ imported: 2, duplicates: 0, errorCount: 1 })
  expect(await progressOf(station)).toMatchObject({
    warnings: [{ line: 4, column: 'هاتف', code: 'CSV_PHONE_UNRECOGNISED', value: '999' }],
    warningCount: 1,
    unread: ['فصيلة الدم'],
  })
})

test('the same list again flags everybody, and merges nobody', async () => {
  const station = await openForImport()
  await station.act.importCsv({ fileName: 'a.csv', text: FILE })
  const again = await station.act.importCsv({ fileName: 'a.csv', text: FILE })
  expect(again).toEqual({ imported: 3, duplicates: 3, errorCount: 2 })
  expect(station.replica.countPatients()).toBe(6)
})

test('a long list is taken in whole batches, and the event loop goes on beside it', async () => {
  const station = await openForImport()
  const rows = Array.from(
    { length: 2_500 },
    (_, index) => `مريض رقم ${index},0100${1_000_000 + index}`,
  )
  const text = ['name,phone', ...rows].join('\n')
  let turns = 0
  const seen: number[] = []
  let running = true
  const turn = (): void => {
    turns += 1
    seen.push(station.replica.countPatients())
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  const started = performance.now()
  const importing = Promise.resolve(station.act.importCsv({ fileName: 'big.csv', text }))
  await expect(async () =>
    station.act.importCsv({ fileName: 'other.csv', text }),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await importing).toEqual({ imported: 2_500, duplicates: 0, errorCount: 0 })
  running = false
  // Fifty batches: nothing else of the file's work was done in one piece with another.
  expect(turns).toBeGreaterThanOrEqual(50)
  expect(seen.every((count) => count % 50 === 0)).toBe(true)
  expect(station.replica.outbox().map(({ command }) => command.writes.length)).toEqual(
    Array.from({ length: 50 }, () => 50),
  )
  // About 1,500 a second with a full sync of the disk for each batch.
  expect(performance.now() - started).toBeLessThan(15_000)
})

test('what stops an import leaves whole batches, and the next import may begin', async () => {
  const station = await openForImport()
  const rows = Array.from({ length: 1_000 }, (_, index) => `مريض رقم ${index}`)
  const text = ['name', ...rows].join('\n')
  const dismiss = (): void => {
    if (station.replica.countPatients() < 400) setImmediate(dismiss)
    else station.receive(feed('clinic', staffDoc(ADMIN, ['RECEPTION'])))
  }
  setImmediate(dismiss)
  const refused = async (): Promise<unknown> => station.act.importCsv({ fileName: 'a.csv', text })
  await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const count = station.replica.countPatients()
  expect([400, 450]).toContain(count)
  station.receive(feed('clinic', staffDoc(ADMIN, ['ADMIN'])))
  expect(await progressOf(station)).toMatchObject({ running: false, imported: count })
  const again = await station.act.importCsv({ fileName: 'a.csv', text })
  expect(again).toEqual({ imported: 1_000, duplicates: count, errorCount: 0 })
})

test('what is no table, or was not UTF-8, or has no names is refused whole', async () => {
  const station = await openForImport()
  const codeOf = async (text: string): Promise<unknown> => {
    try {
      await station.act.importCsv({ fileName: 'x.csv', text })
      return null
    } catch (error) {
      return error instanceof Error ? error.message : error
    }
  }
  const windows1256 = new TextDecoder('utf-8').decode(
    Uint8Array.from([0xc3, 0xcd, 0xe3, 0xcf, 0x2c, 0x31, 0x0a]),
  )
  expect(await codeOf(windows1256)).toBe('CSV_UNREADABLE')
  expect(await codeOf('')).toBe('CSV_UNREADABLE')
  expect(await codeOf('name,phone\n"احمد,0100')).toBe('CSV_UNREADABLE')
  expect(await codeOf('طول,وزن\n1,2')).toBe('CSV_NO_NAME_COLUMN')
  expect(station.replica.countPatients()).toBe(0)
  expect((await progressOf(station)).running).toBe(false)
  station.sit(DESK)
  expect(await codeOf(FILE)).toBe('FORBIDDEN')
  await expect(progressOf(station)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('a cell that is too long for its field is named, not cut', async () => {
  const station = await openForImport()
  const text = `name,address\nاحمد,${'ش'.repeat(201)}\nسعيد,قصير`
  const done = await station.act.importCsv({ fileName: 'x.csv', text })
  expect(done).toMatchObject({ imported: 1, errorCount: 1 })
  expect((await progressOf(station)).errors).toMatchObject([
    { line: 2, column: 'address', code: 'CSV_TOO_LONG' },
  ])
})

test('commas, semicolons and tabs are told apart by the heading, blank lines passed over', async () => {
  for (const delimiter of [',', ';', '\t']) {
    const text = ['', ['name', 'phone'].join(delimiter), ['"a, b; c"', '1'].join(delimiter)].join(
      '\n',
    )
    expect(await readCsvTable(text)).toMatchObject({
      header: ['name', 'phone'],
      rows: [{ line: 3, cells: ['a, b; c', '1'] }],
    })
  }
})

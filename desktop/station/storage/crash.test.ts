import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

import { openStore } from './store.ts'
import { KEY, openInstance, PLAIN_VISITS, temporaryFile } from './test-store.ts'

const ROUNDS = 30
const WRITER = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))

/** Starts the writer, kills it at a random moment of its work, and returns the last transaction it had confirmed. */
function killWriter(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, path])
    let output = ''
    let errors = ''
    let sentenced = false
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (sentenced) return
      sentenced = true
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 60)
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal === 'SIGKILL') resolve(Number(output.trimEnd().split('\n').at(-1)))
      else reject(new Error(`the writer ended by itself: ${errors}`))
    })
  })
}

test(
  'every confirmed transaction is whole after SIGKILL, and none is half there',
  { timeout: 60_000 },
  async () => {
    const path = temporaryFile()
    let total = 0
    for (let round = 0; round < ROUNDS; round++) {
      const confirmed = await killWriter(path)
      const store = openStore({ path, key: KEY })
      await openInstance(store, 'visits', { ...PLAIN_VISITS, indexes: ['status'] })
      await openInstance(store, 'invoices', { ...PLAIN_VISITS, indexes: ['status'] })
      const commands = store.db.prepare<[], number>('SELECT n FROM outbox ORDER BY n').pluck().all()
      const last = commands.at(-1) ?? 0
      expect(last).toBeGreaterThanOrEqual(confirmed)
      expect(last).toBeLessThanOrEqual(confirmed + 1)
      expect(commands).toHaveLength(last)
      store.transaction((tx) => {
        expect(tx.get('visits', 'latest')).toMatchObject({ status: String(last) })
        const ids = commands.flatMap((n) =>
          Array.from({ length: n % 10 === 0 ? 300 : 2 }, (_, index) => `i${n}-${index}`),
        )
        const count = (table: string): unknown =>
          store.db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get()
        expect(count('clinic/visits/0')).toBe(last + 1)
        expect(count('clinic/invoices/0')).toBe(ids.length)
        const latest = ids.slice(-320)
        expect(tx.getMany('invoices', latest).size).toBe(latest.length)
      })
      expect(store.db.pragma('integrity_check', { simple: true })).toBe('ok')
      total = last
      await store.close()
    }
    expect(total).toBeGreaterThan(ROUNDS)
  },
)

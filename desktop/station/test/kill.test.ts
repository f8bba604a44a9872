import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CollectionName } from '#shared/collections.ts'
import { stampTime } from '#shared/stamp.ts'
import { openReplicaFile } from '../replica/replica-file.ts'
import { openMeta } from '../replica/station-meta.ts'
import { FILE_KEY } from '../replica/test-replica.ts'
import { isSameJson, replayPending } from '../replica/write-documents.ts'
import { openStore } from '../storage/store.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Inside the project: what is not bundled is looked up from there. */
const BUNDLE = join(ROOT, 'test-output/kill-victim')
const RANDOM_KILLS = 200
/** Lives at a time: two cores. */
const LANES = 2

let folder = ''
let folders = 0
const newFolder = (): string => mkdtempSync(join(folder, `${(folders += 1)}-`))

// Bundled, and with its compiled code kept, the victim starts in a third of the time: there are hundreds.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dawr-kill-'))
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['better-sqlite3', '@node-rs/argon2'] },
    build: {
      ssr: join(import.meta.dirname, 'kill-victim.ts'),
      outDir: BUNDLE,
      target: 'node24',
      rolldownOptions: { output: { entryFileNames: 'kill-victim.mjs' } },
    },
  })
  // Only who ends in peace leaves compiled code behind.
  await live([newFolder(), 'check-in-new', String(Number.MAX_SAFE_INTEGER)])
}, 60_000)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  rmSync(BUNDLE, { recursive: true, force: true })
})

/** What was tried is told beside what was found. */
const say = (text: string): void => void process.stdout.write(`${text}\n`)

interface Life {
  killed: boolean
  /** Commands in the outbox before the last one began; null if it was killed before it could say. */
  started: number | null
  /** Commands in the outbox when the last confirmed one returned. */
  confirmed: number
  /** Statements it counted, if it lived to say so. */
  statements: number
}

/** @param murder told once the victim has begun */
function live(
  args: readonly string[],
  murder: (victim: ChildProcessWithoutNullStreams) => void = () => undefined,
): Promise<Life> {
  return new Promise((done, fail) => {
    const victim = spawn(process.execPath, [join(BUNDLE, 'kill-victim.mjs'), ...args], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(BUNDLE, 'compiled') },
    })
    let output = ''
    let errors = ''
    victim.stderr.on('data', (data: Buffer) => (errors += data.toString()))
    victim.stdout.on('data', (data: Buffer) => {
      if (output === '') murder(victim)
      output += data.toString()
    })
    victim.on('error', fail)
    victim.on('close', (code, signal) => {
      if (signal !== 'SIGKILL' && code !== 0) {
        fail(new Error(`the victim failed by itself: ${errors}`))
        return
      }
      // A line that was not finished was not said.
      const lines = output
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' '))
      const last = (word: string): string[] | undefined =>
        lines.findLast(([first]) => first === word)
      const started = last('start')?.[1]
      done({
        killed: signal === 'SIGKILL',
        started: started === undefined ? null : Number(started),
        confirmed: Number(last('done')?.[1] ?? 0),
        statements: Number(last('done')?.[3] ?? 0),
      })
    })
  })
}

/**
 * What must hold of the file whatever happened to its process: every document is exactly what the
 * outbox made, every command of the outbox is there with all its documents, and every number given
 * is on a document and counted.
 *
 * @returns how many commands there are
 */
async function inspect(file: string): Promise<number> {
  const store = openStore({ path: join(file, 'clinic.db'), key: FILE_KEY })
  try {
    const { rows, outbox, counters, meta } = openReplicaFile(store, openMeta(store.db))
    const commands = outbox.rows().map(({ command }) => command)
    const written = new Set<string>()
    for (const { collection, id } of commands.flatMap(({ writes }) => writes)) {
      written.add(`${collection}/${id}`)
      const made = replayPending(outbox, { collection, id, doc: null })
      if (!isSameJson(made, rows.byId(collection, id)))
        throw new Error(`${collection}/${id} is not whole`)
    }
    const countOf = (name: CollectionName): number => rows.count(name)
    expect(countOf('patients') + countOf('visits') + countOf('entries')).toBe(written.size)
    expect(commands.map(({ seq }) => seq)).toEqual(commands.map((_, index) => index + 1))
    expect(counters.value('outbox')).toBe(commands.length)
    expect(counters.value('patients')).toBe(countOf('patients'))
    const visits = rows.all('visits')
    const tickets = visits.map(({ ticket }) => ticket.number).toSorted((a, b) => a - b)
    expect(tickets).toEqual(tickets.map((_, index) => index + 1))
    expect(counters.value('ticket:2026-11-22')).toBe(visits.length)
    const receipts = rows
      .all('entries')
      .flatMap(({ body }) => (body.kind === 'PAYMENT' ? [body.receipt.number] : []))
    expect(new Set(receipts).size).toBe(receipts.length)
    expect(counters.value('receipt')).toBe(receipts.length)
    const words = store.db.prepare('SELECT count(*) FROM "dawr/patients/0#words"').pluck().get()
    expect(words).toBe(countOf('patients'))
    // It throws when the index does not say what the words do (sqlite.org/fts5.html#the_integrity_check_command).
    const search = '"dawr/patients/0#search"'
    store.db.exec(`INSERT INTO ${search} (${search}, rank) VALUES ('integrity-check', 1)`)
    const last = commands.at(-1)
    const lastStamp = meta.get('lastStamp')
    if (last !== undefined) {
      expect(lastStamp).toBe(last.at)
      expect(meta.get('latestTime')).toBeGreaterThanOrEqual(stampTime(last.at) - 1)
    }
    return commands.length
  } finally {
    await store.close()
  }
}

async function inLanes<T>(work: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = [...work]
  const lane = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

test(
  'killed between any two statements, a command is there whole or not at all',
  { timeout: 300_000 },
  async () => {
    const commands = ['check-in-new', 'check-in-known', 'import', 'take-payment', 'start-visit']
    const counts = { before: 0, after: 0 }
    const statements: Record<string, number> = {}
    await inLanes(commands, async (command) => {
      const file = newFolder()
      for (let number = 0; ; number += 1) {
        const life = await live([file, command, String(number)])
        const there = await inspect(file)
        if (!life.killed) {
          expect(there).toBe(life.confirmed)
          statements[command] = number
          break
        }
        if (life.started === null) throw new Error('killed before it began')
        if (there === life.started) counts.before += 1
        else counts.after += 1
        expect(there - life.started).toBeOneOf([0, 1])
      }
    })
    say(
      `${JSON.stringify(statements)} statements; killed before the commit ${counts.before}, after ${counts.after}`,
    )
    // One moment of each command at least lies after its COMMIT and before anyone hears of it.
    expect(counts.after).toBeGreaterThanOrEqual(commands.length)
  },
)

test(
  `killed at ${RANDOM_KILLS} random moments, what was confirmed is whole and nothing is half there`,
  { timeout: 300_000 },
  async () => {
    const counts = { before: 0, after: 0, between: 0 }
    const kills = (): number => counts.before + counts.after
    await inLanes(
      Array.from({ length: LANES }, () => newFolder()),
      async (first) => {
        let file = first
        for (let lives = 1; kills() < RANDOM_KILLS; lives += 1) {
          const life = await live([file, 'any'], (victim) => {
            setTimeout(() => victim.kill('SIGKILL'), Math.random() * 80)
          })
          const there = await inspect(file)
          const started = life.started ?? 0
          expect(there).toBeGreaterThanOrEqual(life.confirmed)
          // Commands made to prepare the next one are confirmed too, to the victim.
          if (life.confirmed > started) counts.between += 1
          else if (there > started) counts.after += 1
          else counts.before += 1
          if (lives % 20 === 0) file = newFolder()
        }
      },
    )
    say(
      `killed with a command in flight: before its commit ${counts.before}, after ${counts.after}; with none ${counts.between}`,
    )
    expect(counts.before).toBeGreaterThan(0)
    expect(counts.after).toBeGreaterThan(0)
  },
)

import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** What `postmaster.pid` says (PostgreSQL: src/include/utils/pidfile.h); line 8 is its state. */
interface PidFile {
  pid: number
  port: number
}

const ADOPT_WAIT_MS = 20_000

async function readPidFile(cluster: string): Promise<PidFile | null> {
  let text: string
  try {
    text = await readFile(join(cluster, 'postmaster.pid'), 'utf8')
  } catch {
    return null
  }
  const lines = text.split('\n')
  return { pid: Number(lines[0]), port: Number(lines[3]) }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Whether the process is a PostgreSQL of this cluster; null where the system does not tell. */
async function isOurs(pid: number, cluster: string): Promise<boolean | null> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(cluster)
  } catch {
    return null
  }
}

async function answers(port: number, cluster: string, password: string): Promise<boolean> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory')
    return rows[0]?.data_directory === cluster.replaceAll('\\', '/')
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/**
 * The port of a PostgreSQL that is already running on this cluster: one that a server killed hard
 * left behind, or one that another process of ours has started. Null: none runs, and none is in the
 * way, so one can be started.
 */
export async function adoptPostmaster(cluster: string, password: string): Promise<number | null> {
  const deadline = Date.now() + ADOPT_WAIT_MS
  for (;;) {
    const file = await readPidFile(cluster)
    // PostgreSQL itself replaces the file of a process that is gone.
    if (file === null || !isAlive(file.pid)) return null
    if (await answers(file.port, cluster, password)) return file.port
    if ((await isOurs(file.pid, cluster)) === false) {
      // After a restart of the machine the number belongs to another process. PostgreSQL would
      // refuse to start, since it only sees that somebody lives there.
      await rm(join(cluster, 'postmaster.pid'), { force: true })
      return null
    }
    // Starting, recovering after a crash, or stopping.
    if (Date.now() > deadline) {
      throw new Error(`PostgreSQL ${file.pid} holds the data folder and does not answer`)
    }
    await sleep(200)
  }
}

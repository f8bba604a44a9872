import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { z } from 'zod'
import {
  findPostgresBinaries,
  findPostgresUser,
  type PostgresBinaries,
  type PostgresUser,
} from './postgres-binaries.ts'
import { adoptPostmaster } from './postmaster.ts'

const execute = promisify(execFile)

const Passwords = z.strictObject({ postgres: z.string(), owner: z.string(), app: z.string() })
type Passwords = z.infer<typeof Passwords>

export interface EmbeddedPostgres {
  ownerUrl: string
  appUrl: string
  /** The superuser's, for tests and back-ups; nothing that serves may use it. */
  superuserUrl: string
  /** Stops it, unless another process still uses it. */
  stop: () => Promise<void>
}

interface Cluster {
  folder: string
  user: PostgresUser
  binaries: PostgresBinaries
  passwords: Passwords
}

/**
 * A real PostgreSQL in a folder of ours, for the first minute and for small deployments. Listens on
 * 127.0.0.1 only, with passwords that lie beside it, readable by this user alone.
 *
 * @param flags more `-c name=value` settings for PostgreSQL
 */
export async function startEmbeddedPostgres(
  dataFolder: string,
  flags: readonly string[] = [],
): Promise<EmbeddedPostgres> {
  const root = resolve(dataFolder)
  await mkdir(root, { recursive: true })
  const user = await findPostgresUser()
  // Another user must pass through, and see nothing on the way.
  if (user !== null) await chmod(root, 0o711)
  const cluster: Cluster = {
    folder: join(root, 'postgres'),
    user,
    binaries: await findPostgresBinaries(user, root),
    passwords: await keepPasswords(join(root, 'postgres-passwords.json')),
  }
  await initialise(cluster, join(root, 'postgres-initial-password'))
  const { postgres } = cluster.passwords
  const port = (await adoptPostmaster(cluster.folder, postgres)) ?? (await launch(cluster, flags))
  const url = (name: string, password: string, database: string) =>
    `postgres://${name}:${password}@127.0.0.1:${port}/${database}`
  const superuserUrl = url('postgres', postgres, 'postgres')
  await createRoles(superuserUrl, cluster.passwords)
  return {
    ownerUrl: url('dawr_owner', cluster.passwords.owner, 'dawr'),
    appUrl: url('dawr_app', cluster.passwords.app, 'dawr'),
    superuserUrl,
    stop: () => stop(cluster, superuserUrl),
  }
}

/** Random ones, made once. Hex, so that they need no escaping in a URL or in SQL. */
async function keepPasswords(file: string): Promise<Passwords> {
  const make = () => randomBytes(24).toString('hex')
  const made: Passwords = { postgres: make(), owner: make(), app: make() }
  try {
    // `wx`: two processes starting at once must agree on one.
    await writeFile(file, JSON.stringify(made), { mode: 0o600, flag: 'wx' })
    return made
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return Passwords.parse(JSON.parse(await readFile(file, 'utf8')))
  }
}

async function initialise(cluster: Cluster, passwordFile: string): Promise<void> {
  const { folder, user, binaries, passwords } = cluster
  if ((await stat(folder).catch(() => null)) !== null) return
  // Under another name first: a cluster cut short must not be taken for a whole one.
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { mode: 0o700 })
  await writeFile(passwordFile, passwords.postgres, { mode: 0o600 })
  if (user !== null) {
    await chown(partial, user.uid, user.gid)
    await chown(passwordFile, user.uid, user.gid)
  }
  try {
    await execute(
      binaries.initdb,
      [
        `--pgdata=${partial}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // The same order and the same case rules on every system, and after every system update.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
      ],
      { ...user, cwd: partial },
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`PostgreSQL cannot be set up in ${folder}: ${reason}`, { cause: error })
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(partial, folder)
}

async function launch(cluster: Cluster, flags: readonly string[]): Promise<number> {
  const { folder, user, binaries } = cluster
  const log = join(folder, 'server.log')
  const port = await findFreePort()
  const options = [
    `-p ${port}`,
    '-c listen_addresses=127.0.0.1',
    // A socket's path may be 107 bytes at most, and a data folder's is not ours to choose.
    '-c unix_socket_directories=',
    '-c max_connections=200',
    ...flags,
  ].join(' ')
  const arguments_ = ['start', '-D', folder, '-l', log, '-w', '-t', '60', '-o', options]
  try {
    await runQuietly(binaries.pgCtl, arguments_, { user, cwd: folder })
  } catch (error) {
    const tail = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-8).join('\n')
    throw new Error(`PostgreSQL does not start: ${tail}`, { cause: error })
  }
  return port
}

async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, '127.0.0.1', done)
  })
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

/** The roles of ARCHITECTURE 15: one owns and migrates, one serves and is held by the policies. */
async function createRoles(superuserUrl: string, passwords: Passwords): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    for (const [role, password] of [
      ['dawr_owner', passwords.owner],
      ['dawr_app', passwords.app],
    ] as const) {
      const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
      if (rowCount === 0) {
        await client.query(
          `CREATE ROLE ${role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD ${pg.escapeLiteral(password)}`,
        )
      }
    }
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = 'dawr'")
    if (rowCount === 0) {
      await client.query('CREATE DATABASE dawr OWNER dawr_owner')
      await client.query('REVOKE ALL ON DATABASE dawr FROM PUBLIC')
      await client.query('GRANT CONNECT ON DATABASE dawr TO dawr_app')
    }
  } finally {
    await client.end()
  }
}

async function stop(cluster: Cluster, superuserUrl: string): Promise<void> {
  // Stopped already, by a person or by the system going down.
  if ((await adoptPostmaster(cluster.folder, cluster.passwords.postgres)) === null) return
  if (await isUsedByOthers(superuserUrl)) return
  const arguments_ = ['stop', '-D', cluster.folder, '-m', 'fast', '-w', '-t', '60']
  const { user, folder, binaries } = cluster
  await runQuietly(binaries.pgCtl, arguments_, { user, cwd: folder })
}

/** Our own connections may still be ending there when we have closed them here: looked at for a second. */
async function isUsedByOthers(superuserUrl: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  try {
    for (let look = 1; look <= 10; look += 1) {
      const { rows } = await client.query<{ others: string }>(`
        SELECT count(*) AS others FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
      if (rows[0]?.others === '0') return false
      await pause(100)
    }
    return true
  } finally {
    await client.end()
  }
}

/** Without pipes: PostgreSQL inherits them from pg_ctl and would keep us waiting for their end. */
async function runQuietly(
  command: string,
  arguments_: string[],
  where: { user: PostgresUser; cwd: string },
): Promise<void> {
  await new Promise<void>((done, fail) => {
    const child = spawn(command, arguments_, {
      ...where.user,
      cwd: where.cwd,
      stdio: 'ignore',
      windowsHide: true,
    })
    child.once('error', fail)
    child.once('exit', (code) =>
      code === 0 ? done() : fail(new Error(`pg_ctl ${arguments_[0]} ended with ${code}`)),
    )
  })
}

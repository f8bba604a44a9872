import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

const PrivateKey = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().max(64),
  d: z.string().max(64),
})
/** An Ed25519 private key as a JWK (RFC 8037). */
export type PrivateKey = z.infer<typeof PrivateKey>

/** Postgres runs as another user than root, and that user cannot look into root's home. */
function defaultDataFolder(): string {
  return process.getuid?.() === 0 ? '/var/lib/dawr' : join(homedir(), '.dawr')
}

const PostgresUrl = z.url({ protocol: /^postgres(ql)?$/ })

const Environment = z.object({
  /** Serves. Absent: a PostgreSQL of our own in the data folder. */
  DATABASE_URL: PostgresUrl.optional(),
  /** Owns the tables and migrates them; needed whenever DATABASE_URL is given. */
  DATABASE_OWNER_URL: PostgresUrl.optional(),
  /** 0: any free port. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(4400),
  HOST: z.string().min(1).default('127.0.0.1'),
  /** The address stations use, when it is not the one this process listens on. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Clinics are reached at SLUG.HOST as well; without a port. */
  CLINIC_HOST: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
    .optional(),
  /** How many reverse proxies stand in front and append to X-Forwarded-For. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  DATA_FOLDER: z.string().min(1).default(defaultDataFolder),
  TRIAL_DAYS: z.coerce.number().int().min(1).max(365).default(14),
  /** Off: this instance answers requests alone; at least one other must be on. */
  JOBS: z.enum(['on', 'off']).default('on'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  /** The JWK itself; without it a key is made once and kept in the data folder. */
  SIGNING_KEY: z.string().optional(),
  SIGNING_KEY_FILE: z.string().optional(),
})

export interface Config {
  /** Null: start the embedded PostgreSQL. */
  database: { appUrl: string; ownerUrl: string } | null
  port: number
  host: string
  publicUrl: string | null
  clinicHost: string | null
  trustedProxies: number
  dataFolder: string
  trialDays: number
  /** Whether it works on jobs; it sends them in any case. */
  jobs: boolean
  logLevel: z.infer<typeof Environment>['LOG_LEVEL']
  /** Null: the key file of the data folder. */
  signingKey: PrivateKey | null
}

/** What the operator must put right before the server can start. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export function parsePrivateKey(text: string, source: string): PrivateKey {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ConfigError(`${source}: not JSON`)
  }
  const key = PrivateKey.safeParse(value)
  // The issues of a key would print the key.
  if (!key.success) throw new ConfigError(`${source}: not an Ed25519 private key as a JWK`)
  return key.data
}

function readSigningKey(text: string | undefined, file: string | undefined): PrivateKey | null {
  if (text !== undefined) return parsePrivateKey(text, 'SIGNING_KEY')
  if (file === undefined) return null
  let read: string
  try {
    read = readFileSync(file, 'utf8')
  } catch (error) {
    // Its message says the path, which is a value.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new ConfigError(`SIGNING_KEY_FILE: cannot be read (${code})`)
  }
  return parsePrivateKey(read, 'SIGNING_KEY_FILE')
}

/**
 * The one reader of the environment.
 *
 * @throws ConfigError naming every variable that is wrong, never its value
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  // An empty variable is how shells and compose files say "not set".
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(given)
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new ConfigError(issues.join('; '))
  }
  const env = parsed.data
  return {
    database: readDatabase(env.DATABASE_URL, env.DATABASE_OWNER_URL),
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL ?? null,
    clinicHost: env.CLINIC_HOST ?? null,
    trustedProxies: env.TRUSTED_PROXIES,
    dataFolder: env.DATA_FOLDER,
    trialDays: env.TRIAL_DAYS,
    jobs: env.JOBS === 'on',
    logLevel: env.LOG_LEVEL,
    signingKey: readSigningKey(env.SIGNING_KEY, env.SIGNING_KEY_FILE),
  }
}

function readDatabase(appUrl: string | undefined, ownerUrl: string | undefined) {
  if (appUrl === undefined && ownerUrl === undefined) return null
  if (appUrl === undefined || ownerUrl === undefined) {
    throw new ConfigError(
      'DATABASE_URL and DATABASE_OWNER_URL go together: the owner migrates, the other serves',
    )
  }
  return { appUrl, ownerUrl }
}

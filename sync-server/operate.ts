import { parseArgs } from 'node:util'
import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import { PatientId } from '#shared/ids.ts'
import { erasePatient } from './audit/erase-patient.ts'
import { readChainHead, verifyAudit } from './audit/verify-audit.ts'
import { changeOwner } from './clinics/change-owner.ts'
import { findClinicOf } from './clinics/find-clinic.ts'
import { readConfig } from './config.ts'
import { withClinic } from './database/clinic-tx.ts'
import { withDatabase } from './database/open-database.ts'
import { withSender } from './jobs/job-sender.ts'
import { retryJobs } from './jobs/retry-jobs.ts'
import { beginEpochs } from './sync/begin-epoch.ts'
import { pruneTombstones } from './sync/prune-tombstones.ts'

// What an operator does by hand, with the server's environment; docs/operations.md says when.
const USAGE = `node sync-server/operate.ts COMMAND
  verify-audit CLINIC                   reads the clinic's chain; fails if anything was changed
  prune-tombstones CLINIC [--days 90]   removes what every station heard from since knows is gone
  begin-epoch CLINIC | --all            after a restore: every station pulls anew, and sends again
                                        what the backup has lost
  erase-patient CLINIC PATIENT --by EMAIL
                                        where the law asks for it; there is no way back
  change-owner CLINIC --to EMAIL        who must be ADMIN there; ends what the clinic shares with
                                        the former owner's others
  retry-jobs                            puts the jobs that were given up into their line again
CLINIC is the address or the id. Answers in one line of JSON.
`

/** @returns what is told, and whether it is as it should be */
async function operate(args: readonly string[]): Promise<{ ok: boolean; [fact: string]: unknown }> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      by: { type: 'string' },
      to: { type: 'string' },
      all: { type: 'boolean' },
      days: { type: 'string', default: '90' },
    },
  })
  const [command, clinic, patient] = positionals
  const config = readConfig(process.env)
  if (command === 'begin-epoch' && values.all === true) {
    const clinics = await withDatabase(config, 'OWNER', (pool) => beginEpochs(pool))
    return { ok: true, clinics }
  }
  if (command === 'retry-jobs') {
    return { ok: true, jobs: await withDatabase(config, 'APP', retryJobs) }
  }
  if (command === undefined) throw new AppError('INVALID', { issues: ['COMMAND'] })
  if (clinic === undefined) throw new AppError('INVALID', { issues: ['CLINIC'] })
  switch (command) {
    case 'verify-audit':
      return withDatabase(config, 'APP', async (pool) => {
        const { clinicId } = await findClinicOf(pool, clinic)
        return withClinic(pool, clinicId, async (tx) => {
          const verified = await verifyAudit(tx)
          return { clinicId, head: await readChainHead(tx), ...verified }
        })
      })
    case 'prune-tombstones':
      return withDatabase(config, 'OWNER', async (pool) => {
        const { clinicId } = await findClinicOf(pool, clinic)
        const silentDays = z.coerce.number().int().min(1).parse(values.days)
        const pruned = await withClinic(pool, clinicId, (tx) => pruneTombstones(tx, { silentDays }))
        return { ok: true, clinicId, ...pruned }
      })
    case 'begin-epoch':
      return withDatabase(config, 'OWNER', async (pool) => {
        const { clinicId } = await findClinicOf(pool, clinic)
        return { ok: true, clinics: await beginEpochs(pool, [clinicId]) }
      })
    case 'erase-patient':
      return withDatabase(config, 'OWNER', async (pool) => {
        const { clinicId, memberOf } = await findClinicOf(pool, clinic)
        const by = await memberOf(values.by ?? '')
        const id = PatientId.safeParse(patient).data
        if (id === undefined) throw new AppError('INVALID', { issues: ['PATIENT'] })
        return withSender(pool, async (jobs) => {
          const act = { by, now: Date.now(), jobs }
          const erased = await withClinic(pool, clinicId, (tx) => erasePatient(tx, id, act))
          return { ok: true, ...erased }
        })
      })
    case 'change-owner':
      return withDatabase(config, 'OWNER', async (pool) => {
        const { clinicId, memberOf } = await findClinicOf(pool, clinic)
        const to = await memberOf(values.to ?? '')
        await withSender(pool, (jobs) =>
          withClinic(pool, clinicId, (tx) => changeOwner(tx, { to, now: Date.now(), jobs })),
        )
        return { ok: true, clinicId, ownerId: to }
      })
    default:
      throw new AppError('INVALID', { issues: ['COMMAND'] })
  }
}

try {
  const told = await operate(process.argv.slice(2))
  process.stdout.write(`${JSON.stringify(told)}\n`)
  process.exitCode = told.ok ? 0 : 1
} catch (error) {
  const reason =
    error instanceof AppError ? `${error.code} ${JSON.stringify(error.details)}` : error
  process.stderr.write(`${String(reason)}\n\n${USAGE}`)
  process.exitCode = 2
}

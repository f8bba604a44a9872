import type { Queue } from 'pg-boss'
import { z } from 'zod'
import { ClinicId, PatientId, StationId } from '#shared/ids.ts'

/** Apart from the clinics' tables: here lies nothing of a patient, and no policy hides it. */
export const JOBS_SCHEMA = 'jobs'
/** Where a job lies that was tried as often as it may be, until an operator looks at it. */
export const GIVEN_UP = 'given-up'

/** The longest that a job is put off. */
export const MAX_HOURS = 24

/** What the data of each kind of job is: ids, or hours, and nothing else, for a job is no clinic's row. */
export const JOB_DATA = {
  'sweep-expired': z.strictObject({}),
  /** The clinic, and the station that had sent what is held. */
  'retry-held': z.strictObject({
    clinicId: ClinicId,
    stationId: StationId,
    /** How long after it was sent. */
    hours: z.int().min(1).max(MAX_HOURS),
  }),
  /** The receiving clinic, its patient there, and the clinic whose records are copied. */
  'share-history': z.strictObject({
    receiverId: ClinicId,
    patientId: PatientId,
    sourceId: ClinicId,
  }),
} satisfies Record<string, z.ZodObject>
export type JobName = keyof typeof JOB_DATA
export type DataOf<N extends JobName> = z.infer<(typeof JOB_DATA)[N]>

/** In seconds. Tried for about two hours, ever more rarely. */
const RETRIES = { retryLimit: 10, retryDelay: 5, retryBackoff: true, retryDelayMax: 1_800 }
/** In seconds. What is done is kept for a day, for whoever asks what happened. */
const KEPT = { expireInSeconds: 600, deleteAfterSeconds: 86_400, deadLetter: GIVEN_UP }

export const QUEUES = {
  // One in the line and one under way are enough, however many instances there are.
  'sweep-expired': { ...RETRIES, ...KEPT, policy: 'stately' },
  // One in the line of each key: which clinics, which patient.
  'share-history': { ...RETRIES, ...KEPT, policy: 'short' },
  'retry-held': { ...RETRIES, ...KEPT, policy: 'short' },
} as const satisfies Record<JobName, Omit<Queue, 'name'>>

/** In seconds: for half a year. */
export const GIVEN_UP_QUEUE = { retentionSeconds: 180 * 86_400 }

/** Cron, UTC. */
export const SCHEDULES: ReadonlyMap<JobName, string> = new Map([['sweep-expired', '17 * * * *']])

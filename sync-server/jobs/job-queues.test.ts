import { expect, test } from 'vitest'
import { z } from 'zod'
import { ClinicId } from '#shared/ids.ts'
import { JOB_DATA, QUEUES } from './job-queues.ts'

const ID = { type: 'string', maxLength: 36, pattern: z.toJSONSchema(ClinicId).pattern }
/** How long a job was to wait says nothing of anybody. */
const HOURS = { type: 'integer', minimum: 1, maximum: 24 }

test.each(Object.entries(JOB_DATA))('the data of %s are ids and nothing else', (_, schema) => {
  const said = z.toJSONSchema(schema)
  expect(said.additionalProperties).toBe(false)
  for (const [name, property] of Object.entries(said.properties ?? {})) {
    expect(property).toMatchObject(name === 'hours' ? HOURS : ID)
  }
})

test('each job is tried again, ever later, and kept where an operator finds it', () => {
  for (const queue of Object.values(QUEUES)) {
    expect(queue).toMatchObject({ retryBackoff: true, deadLetter: 'given-up' })
    expect(queue.retryLimit).toBeGreaterThan(3)
  }
})

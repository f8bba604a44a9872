import { expect, test } from 'vitest'
import { z } from 'zod'
import { ClinicId } from '#shared/ids.ts'
import { JOB_DATA, QUEUES } from './job-queues.ts'

const ID = z.toJSONSchema(ClinicId)

test.each(Object.entries(JOB_DATA))('the data of %s are ids and nothing else', (_, schema) => {
  const said = z.toJSONSchema(schema)
  expect(said.additionalProperties).toBe(false)
  for (const property of Object.values(said.properties ?? {})) {
    expect(property).toMatchObject({ type: 'string', maxLength: 36, pattern: ID.pattern })
  }
})

test('each job is tried again, ever later, and kept where an operator finds it', () => {
  for (const queue of Object.values(QUEUES)) {
    expect(queue).toMatchObject({ retryBackoff: true, deadLetter: 'given-up' })
    expect(queue.retryLimit).toBeGreaterThan(3)
  }
})

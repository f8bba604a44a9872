import type { Jobs } from './job-runner.ts'

/** For tests of what is not about jobs: what is sent is dropped. */
export const NO_JOBS: Jobs = {
  send: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

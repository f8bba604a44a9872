import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import type { Bench } from './suite.ts'

/** A program that works beside what is measured, again and again, and says each time what it did. */
export interface Beside<Done> {
  begin(): void
  end(): Promise<Done>
}

/** @param program its URL; it says when it is ready, and is told `go` and `stop` */
export async function openBeside<Schema extends z.ZodType>(
  bench: Bench,
  program: string,
  { url, done }: { url: string; done: Schema },
): Promise<Beside<z.infer<Schema>>> {
  const child = fork(fileURLToPath(program), [url])
  bench.onEnd(() => child.kill())
  await once(child, 'message')
  return {
    begin: () => void child.send('go'),
    end: async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      child.once('message', resolve)
      child.send('stop')
      return done.parse(await promise)
    },
  }
}

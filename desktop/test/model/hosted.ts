import { type ChildProcess, fork } from 'node:child_process'
import { flushCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError, ErrorCode, ErrorDetails } from '#shared/errors.ts'

/** What a hosted program answers to each request. */
const Answer = z.discriminatedUnion('ok', [
  z.object({ id: z.int(), ok: z.literal(true), value: z.unknown() }),
  z.object({ id: z.int(), ok: z.literal(false), code: ErrorCode, details: ErrorDetails }),
  z.object({ id: z.int(), ok: z.null(), fault: z.string() }),
])
type Answer = z.infer<typeof Answer>

/** A request whose process was killed: whether it was done, nobody knows. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone'
}

/** A program of the model in a process of its own, so that it can be killed like one. */
export interface Hosted {
  /** @throws AppError as the program refused; ProcessGone; any other error is a fault of the program */
  ask(request: Record<string, unknown>): Promise<unknown>
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
}

/** What one process has compiled the next need not: some are started again a thousand times. */
const COMPILED = join(tmpdir(), 'dawr-model-compiled')

/** @param script a program that calls `answerRequests` */
export function startHosted(script: string): Hosted {
  const child = fork(script, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  })
  const waiting = new Map<number, (answer: Answer | null) => void>()
  let ids = 0
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const settle of waiting.values()) settle(null)
      waiting.clear()
      resolve()
    })
  })
  child.on('message', (message) => {
    const answer = Answer.parse(message)
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  return {
    async ask(request) {
      const asked = new Promise<Answer | null>((resolve) => {
        ids += 1
        waiting.set(ids, resolve)
        if (!send(child, { ...request, id: ids })) resolve(null)
      })
      const answer = await inTime(asked, JSON.stringify(request))
      if (answer === null) throw new ProcessGone('the process was killed')
      if (answer.ok === true) return answer.value
      if (answer.ok === false) throw new AppError(answer.code, answer.details)
      throw new Error(answer.fault)
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

function send(child: ChildProcess, message: Record<string, unknown>): boolean {
  if (!child.connected) return false
  // An error comes when it dies meanwhile: its exit settles what waits.
  child.send({ ...message }, () => undefined)
  return true
}

/** Nothing takes as long, milliseconds. */
const LATE_MS = 45_000

/** @throws Error naming what hangs: a test that only times out says nothing */
export async function inTime<T>(step: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`hangs: ${what}`)), LATE_MS)
  try {
    return await Promise.race([step, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** In the hosted program: each request is handled on its own, several at a time. */
export function answerRequests(handle: (request: unknown) => Promise<unknown>): void {
  process.on('message', (message) => {
    const { id } = z.object({ id: z.int() }).parse(message)
    const answer = (rest: object): void =>
      void process.send?.({ id, ...rest }, undefined, {}, () => undefined)
    handle(message).then(
      (value) => answer({ ok: true, value: value ?? null }),
      (error: unknown) => {
        if (error instanceof AppError)
          answer({ ok: false, code: error.code, details: error.details })
        else
          answer({ ok: null, fault: error instanceof Error ? String(error.stack) : String(error) })
      },
    )
  })
  // Not at its end: that is a SIGKILL.
  flushCompileCache()
  // The test ended or died: nothing is left to serve.
  process.on('disconnect', () => process.exit(0))
}

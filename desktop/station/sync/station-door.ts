import type { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import type { OpenRequest, PostRequest, ServerLine } from './server-line.ts'
import type { StationCredential } from './station-credential.ts'

/** The server's door, entered as this station. */
export interface StationDoor {
  post<Schema extends z.ZodType>(
    request: Omit<PostRequest<Schema>, 'signal'>,
  ): Promise<z.infer<Schema>>
  open(request: Omit<OpenRequest, 'headers'>): Promise<ReadableStream<Uint8Array>>
}

export function stationDoor(
  line: ServerLine,
  credential: StationCredential,
  stopped: AbortSignal,
): StationDoor {
  /** Tokens end, also on a machine that slept: one renewal before it is taken for a refusal. */
  async function withToken<T>(use: (authorization: string) => Promise<T>): Promise<T> {
    const token = await credential.accessToken()
    try {
      return await use(`Bearer ${token}`)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') throw error
      credential.discard(token)
      return use(`Bearer ${await credential.accessToken()}`)
    }
  }
  return {
    post: (request) =>
      withToken((authorization) =>
        line.post({
          ...request,
          headers: { ...request.headers, authorization },
          signal: stopped,
        }),
      ),
    open: (request) =>
      withToken((authorization) => line.open({ ...request, headers: { authorization } })),
  }
}

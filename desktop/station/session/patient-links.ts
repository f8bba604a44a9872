import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, PatientId, UserId } from '#shared/ids.ts'
import { SharingResponse } from '#shared/patient-sharing.ts'
import type { ActionHandlers } from '../views/view.ts'
import { type AskRequest, serverLine } from '../sync/server-line.ts'
import type { CurrentSession } from './current-session.ts'
import { signIn, TIMEOUT_MS } from './enrolment.ts'
import type { People } from './people.ts'

const Done = z.object({ ok: z.literal(true) })

type LinkAction = 'findLinks' | 'linkPatient' | 'unlinkPatient'

export interface LinkDeps {
  /** @throws AppError NOT_ENROLLED */
  readonly clinic: () => { serverUrl: string; clinicId: ClinicId; session: CurrentSession }
  readonly people: Pick<People, 'byId'>
}

export interface PatientLinks {
  readonly actions: Pick<ActionHandlers, LinkAction>
  /** Somebody comes in, perhaps by PIN: the password is asked for anew. */
  forget(): void
}

type Asked<Schema extends z.ZodType> = Pick<AskRequest<Schema>, 'method' | 'body' | 'answer'> & {
  readonly patientId: PatientId
  readonly otherClinicId?: ClinicId
}

/**
 * Who a clinic's patients are at the owner's other clinics. The server alone knows, and says it to an
 * ADMIN of both: so the person at the desk signs in there, by their password.
 */
export function openPatientLinks({ clinic, people }: LinkDeps): PatientLinks {
  /**
   * Of who signed in last; in memory alone, and good for minutes. Whoever links many patients must not
   * sign in for each: the server counts that for all who share the clinic's address.
   */
  let kept: { userId: UserId; accessToken: string } | null = null

  /** @throws AppError SESSION_LOCKED, FORBIDDEN */
  function requireAdmin() {
    const { session, ...place } = clinic()
    const { userId, roles } = session.require()
    if (!roles.includes('ADMIN')) throw new AppError('FORBIDDEN')
    return { ...place, userId }
  }

  /** @throws AppError SIGN_IN_FAILED, OFFLINE and the like */
  async function enter(password: string): Promise<void> {
    const { serverUrl, userId } = requireAdmin()
    const email = people.byId(userId)?.email
    if (email === undefined) throw new AppError('FORBIDDEN')
    const { accessToken } = await signIn(serverLine(serverUrl), { serverUrl, email, password })
    kept = { userId, accessToken }
  }

  /** @throws AppError UNAUTHENTICATED, and as the server says */
  async function ask<Schema extends z.ZodType>({
    patientId,
    otherClinicId,
    ...request
  }: Asked<Schema>): Promise<z.infer<Schema>> {
    const { serverUrl, clinicId, userId } = requireAdmin()
    if (kept?.userId !== userId) throw new AppError('UNAUTHENTICATED')
    const sharing = `/v1/clinics/${clinicId}/patients/${patientId}/sharing`
    return serverLine(serverUrl).ask({
      ...request,
      path: otherClinicId === undefined ? sharing : `${sharing}/${otherClinicId}`,
      headers: { authorization: `Bearer ${kept.accessToken}` },
      timeoutMs: TIMEOUT_MS,
    })
  }

  return {
    actions: {
      async findLinks({ patientId, password }) {
        if (password !== null) await enter(password)
        const { clinics } = await ask({ method: 'GET', patientId, answer: SharingResponse })
        return { clinics }
      },
      async linkPatient({ otherPatientId, ...link }) {
        await ask({ ...link, method: 'PUT', body: { patientId: otherPatientId }, answer: Done })
        return {}
      },
      async unlinkPatient(link) {
        await ask({ ...link, method: 'DELETE', answer: Done })
        return {}
      },
    },
    forget() {
      kept = null
    },
  }
}

import { z } from 'zod'
import { AppError } from '#shared/errors.ts'
import type { ClinicId, PatientId } from '#shared/ids.ts'
import { type SharingAt, SharingResponse } from '#shared/patient-sharing.ts'
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

/**
 * Who a clinic's patients are at the owner's other clinics. The server alone knows, and says it to an
 * ADMIN of both: each request signs the person at the desk in by their password, and keeps nothing of it.
 */
export function linkActions({ clinic, people }: LinkDeps): Pick<ActionHandlers, LinkAction> {
  /** @throws AppError SESSION_LOCKED, FORBIDDEN, SIGN_IN_FAILED, OFFLINE and the like */
  async function ask<Schema extends z.ZodType>(
    { patientId, password }: { patientId: PatientId; password: string },
    request: Pick<AskRequest<Schema>, 'method' | 'body' | 'answer'> & { of?: ClinicId },
  ): Promise<z.infer<Schema>> {
    const { serverUrl, clinicId, session } = clinic()
    const { userId, roles } = session.require()
    const email = people.byId(userId)?.email
    if (email === undefined || !roles.includes('ADMIN')) throw new AppError('FORBIDDEN')
    const line = serverLine(serverUrl)
    const { accessToken } = await signIn(line, { serverUrl, email, password })
    const { of, ...asked } = request
    const sharing = `/v1/clinics/${clinicId}/patients/${patientId}/sharing`
    return line.ask({
      ...asked,
      path: of === undefined ? sharing : `${sharing}/${of}`,
      headers: { authorization: `Bearer ${accessToken}` },
      timeoutMs: TIMEOUT_MS,
    })
  }

  return {
    async findLinks(input): Promise<{ clinics: SharingAt[] }> {
      const { clinics } = await ask(input, { method: 'GET', answer: SharingResponse })
      return { clinics }
    },
    async linkPatient({ otherClinicId, otherPatientId, ...input }) {
      const body = { patientId: otherPatientId }
      await ask(input, { method: 'PUT', of: otherClinicId, body, answer: Done })
      return {}
    },
    async unlinkPatient({ otherClinicId, ...input }) {
      await ask(input, { method: 'DELETE', of: otherClinicId, answer: Done })
      return {}
    },
  }
}

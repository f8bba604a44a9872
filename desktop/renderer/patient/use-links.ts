import { useState } from 'react'
import type { ActionOutput } from '#desktop/station/contract/actions.ts'
import type { PatientId } from '#shared/ids.ts'
import type { ActResult } from '../station-client/station-client.ts'
import { useAct } from '../station-client/station-context.tsx'
import { useText } from '../ui/locale-context.tsx'
import { refusalText } from '../ui/perform.ts'
import type { Text } from '../ui/texts.ts'

export type ClinicThere = ActionOutput<'findLinks'>['clinics'][number]
export type PatientThere = NonNullable<ClinicThere['linked']>

type LinkAction = 'findLinks' | 'linkPatient' | 'unlinkPatient'
type Refused = Extract<ActResult<LinkAction>, { ok: false }>

export interface Links {
  /** Null: not asked for yet. */
  clinics: readonly ClinicThere[] | null
  /** Who was unlinked last: one choice away, also if they are not alike any more. */
  parted: { clinicId: ClinicThere['clinicId']; patient: PatientThere } | null
  /** What was refused last, in words. */
  problem: string | null
  busy: boolean
  ask: (password: string) => void
  link: (otherClinicId: ClinicThere['clinicId'], otherPatientId: PatientId) => void
  unlink: (there: ClinicThere) => void
}

/** Each request goes with the password, which is kept for as long as this part of the screen. */
export function useLinks(patientId: PatientId): Links {
  const text = useText()
  const act = useAct()
  const [password, setPassword] = useState('')
  const [clinics, setClinics] = useState<Links['clinics']>(null)
  const [parted, setParted] = useState<Links['parted']>(null)
  const [refused, setRefused] = useState<Refused | null>(null)
  const [busy, setBusy] = useState(false)

  /** What was refused stays said until the next is asked for. */
  const during = async (run: () => Promise<void>): Promise<void> => {
    setBusy(true)
    setRefused(null)
    await run()
    setBusy(false)
  }
  const read = async (given: string): Promise<boolean> => {
    const result = await act('findLinks', { patientId, password: given })
    if (result.ok) setClinics(result.output.clinics)
    else setRefused(result)
    return result.ok
  }
  /** @returns whether it is done; what stands then is read anew */
  const change = async (result: ActResult<LinkAction>): Promise<boolean> => {
    if (!result.ok) setRefused(result)
    // Refused by what has changed meanwhile: that is what is to be seen.
    if (result.ok || result.code === 'INVALID' || result.code === 'NOT_FOUND') await read(password)
    return result.ok
  }
  return {
    clinics,
    parted,
    problem: refused === null ? null : problemText(text, refused),
    busy,
    ask: (given) =>
      void during(async () => {
        if (await read(given)) setPassword(given)
      }),
    link: (otherClinicId, otherPatientId) =>
      void during(async () => {
        const asked = { patientId, password, otherClinicId, otherPatientId }
        if (await change(await act('linkPatient', asked))) setParted(null)
      }),
    unlink: ({ clinicId, linked }) =>
      void during(async () => {
        const asked = { patientId, password, otherClinicId: clinicId }
        const isDone = await change(await act('unlinkPatient', asked))
        if (isDone && linked !== null) setParted({ clinicId, patient: linked })
      }),
  }
}

/** These mean something of their own here. */
const OWN_WORDS = ['SIGN_IN_FAILED', 'NOT_FOUND', 'INVALID'] as const

function problemText(text: Text, { code, details }: Refused): string {
  const own = OWN_WORDS.find((each) => each === code)
  return own === undefined ? refusalText(text, code, details) : text(`links.${own}`)
}

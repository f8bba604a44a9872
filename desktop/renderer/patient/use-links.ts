import { useEffect, useState } from 'react'
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
  /** Null: not known yet. */
  clinics: readonly ClinicThere[] | null
  /** Who asks must give their password first, perhaps once more. */
  needsPassword: boolean
  /** Who was unlinked last: one choice away, also if they are not alike any more. */
  parted: { clinicId: ClinicThere['clinicId']; patient: PatientThere } | null
  /** What was refused last, in words. */
  problem: string | null
  busy: boolean
  ask: (password: string) => void
  link: (otherClinicId: ClinicThere['clinicId'], otherPatientId: PatientId) => void
  unlink: (there: ClinicThere) => void
}

/** The password is given once for some minutes: the station knows whether that is still good. */
export function useLinks(patientId: PatientId): Links {
  const text = useText()
  const act = useAct()
  const [clinics, setClinics] = useState<Links['clinics']>(null)
  const [needsPassword, setNeedsPassword] = useState(false)
  const [parted, setParted] = useState<Links['parted']>(null)
  const [refused, setRefused] = useState<Refused | null>(null)
  const [busy, setBusy] = useState(false)

  useEffect(() => {
    void act('findLinks', { patientId, password: null }).then((result) => {
      if (result.ok) {
        setClinics(result.output.clinics)
        return
      }
      setNeedsPassword(true)
      // That they must give it is no news to who has not yet.
      if (result.code !== 'UNAUTHENTICATED') setRefused(result)
    })
  }, [act, patientId])

  /** What was refused stays said until the next is asked for. */
  const during = async (run: () => Promise<void>): Promise<void> => {
    setBusy(true)
    setRefused(null)
    await run()
    setBusy(false)
  }
  const refuse = (result: Refused): void => {
    setRefused(result)
    if (result.code !== 'UNAUTHENTICATED') return
    setClinics(null)
    setNeedsPassword(true)
  }
  const read = async (password: string | null): Promise<void> => {
    const result = await act('findLinks', { patientId, password })
    if (result.ok) setClinics(result.output.clinics)
    else refuse(result)
  }
  /** @returns whether it is done; what stands then is read anew */
  const change = async (result: ActResult<LinkAction>): Promise<boolean> => {
    if (!result.ok) refuse(result)
    // Refused by what has changed meanwhile: that is what is to be seen.
    if (result.ok || result.code === 'INVALID' || result.code === 'NOT_FOUND') await read(null)
    return result.ok
  }
  return {
    clinics,
    needsPassword,
    parted,
    problem: refused === null ? null : problemText(text, refused),
    busy,
    ask: (password) => void during(() => read(password)),
    link: (otherClinicId, otherPatientId) =>
      void during(async () => {
        const link = { patientId, otherClinicId, otherPatientId }
        if (await change(await act('linkPatient', link))) setParted(null)
      }),
    unlink: ({ clinicId: otherClinicId, linked }) =>
      void during(async () => {
        const isDone = await change(await act('unlinkPatient', { patientId, otherClinicId }))
        if (isDone && linked !== null) setParted({ clinicId: otherClinicId, patient: linked })
      }),
  }
}

/** These mean something of their own here. */
const OWN_WORDS = ['SIGN_IN_FAILED', 'UNAUTHENTICATED', 'NOT_FOUND', 'INVALID'] as const

function problemText(text: Text, { code, details }: Refused): string {
  const own = OWN_WORDS.find((each) => each === code)
  return own === undefined ? refusalText(text, code, details) : text(`links.${own}`)
}

import type { ClinicDoc } from '#shared/clinic.ts'
import { AppError } from '#shared/errors.ts'
import type { ClinicDirectory } from './replica.ts'

type Body = ClinicDoc['body']
type BodyOf<K extends Body['kind']> = Extract<Body, { kind: K }>

/** The `clinic` collection by kind, in memory: every command and every view asks it. */
export interface HeldDirectory extends ClinicDirectory {
  isOpen(): boolean
  /** Forgets what it held; the next question reads the collection anew. */
  renew(): void
}

export function holdDirectory(readAll: () => ClinicDoc[]): HeldDirectory {
  let held: { [K in Body['kind']]: BodyOf<K>[] } | null = null
  const load = (): { [K in Body['kind']]: BodyOf<K>[] } => {
    if (held !== null) return held
    const bodies = readAll().map(({ body }) => body)
    const ofKind = <K extends Body['kind']>(kind: K): BodyOf<K>[] =>
      bodies.filter((body): body is BodyOf<K> => body.kind === kind)
    held = {
      SETTINGS: ofKind('SETTINGS'),
      STAFF: ofKind('STAFF'),
      DOCTOR: ofKind('DOCTOR').toSorted((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1)),
      PRICE: ofKind('PRICE'),
      STATION: ofKind('STATION'),
      QUARANTINED: ofKind('QUARANTINED'),
      FAVOURITES: ofKind('FAVOURITES'),
    }
    return held
  }
  return {
    settings() {
      const [settings] = load().SETTINGS
      if (settings === undefined) throw new AppError('NOT_ENROLLED')
      return settings
    },
    staff: () => load().STAFF,
    doctors: () => load().DOCTOR,
    prices: () => load().PRICE,
    stations: () => load().STATION,
    quarantined: () => load().QUARANTINED,
    favourites: () => load().FAVOURITES,
    isOpen: () => load().SETTINGS.length > 0,
    renew: () => void (held = null),
  }
}

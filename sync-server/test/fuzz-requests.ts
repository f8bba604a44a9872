import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import {
  OLDEST_PROTOCOL,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  type PushRequest,
  type SignedCommand,
} from '#shared/protocol.ts'
import { register } from '../sync/test-commands.ts'
import { queueMakers, recordMakers } from './fuzz-commands.ts'
import { applyEdit, type Edit, edits, HOSTILE_TEXTS } from './hostile-values.ts'
import { PASSWORD, type TwoClinics } from './two-clinics.ts'

/** What becomes of a request that was good; the same plan makes the same request, but for new ids. */
export interface Plan {
  kind: Kind
  /** Which version of the protocol it is said to be in. */
  protocol: number
  as: 'STATION' | 'PERSON' | 'NOBODY' | 'FORGED'
  /** Of the body; of a push, inside the signed commands. */
  edits: readonly Edit[]
  /** Of what is around the commands of a push, or of the proof beside a refresh token. */
  outer: readonly Edit[]
  commands: readonly number[]
  route: number
  ids: readonly number[]
  text: { at: number; cut: number; bytes: Uint8Array } | null
  query: string | null
  header: string | null
}

type Kind =
  | 'PUSH'
  | 'PULL'
  | 'SIGN_IN'
  | 'SESSION'
  | 'ENROL'
  | 'TOKEN'
  | 'STAFF'
  | 'SETTINGS'
  | 'ANY'

export function plans(values: readonly unknown[]): fc.Arbitrary<Plan> {
  const some = fc.array(edits(values), { minLength: 0, maxLength: 4 })
  const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })
  return fc.record({
    kind: fc.oneof(
      { weight: 50, arbitrary: fc.constant<Kind>('PUSH') },
      { weight: 20, arbitrary: fc.constant<Kind>('PULL') },
      { weight: 10, arbitrary: fc.constant<Kind>('ANY') },
      { weight: 5, arbitrary: fc.constant<Kind>('TOKEN') },
      { weight: 5, arbitrary: fc.constant<Kind>('STAFF') },
      { weight: 4, arbitrary: fc.constant<Kind>('SETTINGS') },
      { weight: 3, arbitrary: fc.constant<Kind>('ENROL') },
      { weight: 1, arbitrary: fc.constant<Kind>('SIGN_IN') },
      { weight: 1, arbitrary: fc.constant<Kind>('SESSION') },
    ),
    protocol: fc.integer({ min: OLDEST_PROTOCOL, max: PROTOCOL_VERSION }),
    as: fc.oneof(
      { weight: 12, arbitrary: fc.constant<Plan['as']>('STATION') },
      { weight: 2, arbitrary: fc.constantFrom<Plan['as']>('PERSON', 'NOBODY', 'FORGED') },
    ),
    edits: some,
    outer: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: some }),
    commands: fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 3 }),
    route: fc.nat({ max: 1_000 }),
    ids: fc.array(fc.nat({ max: 1_000 }), { minLength: 4, maxLength: 4 }),
    text: rarely(
      fc.record({
        at: fc.nat({ max: 4_000 }),
        cut: fc.nat({ max: 20 }),
        bytes: fc.uint8Array({ maxLength: 6 }),
      }),
    ),
    query: rarely(
      fc.constantFrom('?%00', '?a=%ff', '?__proto__[a]=1', '?limit=-1', '?' + 'a&'.repeat(500)),
    ),
    header: rarely(fc.constantFrom('gzip', 'a'.repeat(300), '\t', 'x;q=0', '../')),
  })
}

/** Makes the requests of a station of A, and of an ADMIN of A, out of plans. */
export function createRequests({ url, routes, A, B }: TwoClinics): (plan: Plan) => Request {
  const { desk } = A
  const makers = [...queueMakers(A.desk, A.patient), ...recordMakers(A.desk, A.patient)]
  const foreign = B.desk.sign(register(B.desk, 'reception', { name: `${B.marker} signed` }))
  const ids = [
    ...[A, B].flatMap(({ clinic, patient }) => [clinic.clinicId, clinic.people.admin, patient.id]),
    ...[A, B].map((party) => party.desk.stationId),
    ...HOSTILE_TEXTS.filter((text) => text.isWellFormed() && text.length < 5_000),
  ]

  function signedCommand(which: number, changes: readonly Edit[]): SignedCommand {
    const maker = makers[which % makers.length]
    // Another clinic's, signed well: it must be nothing here.
    if (maker === undefined || which % 97 === 0) return foreign
    // What may be changed in it: it need not stay a command.
    const command: Record<string, unknown> = { ...structuredClone(maker()) }
    for (const edit of changes) applyEdit(command, edit)
    return desk.signText(JSON.stringify(command))
  }

  function bodyOf(plan: Plan): Record<string, unknown> {
    switch (plan.kind) {
      case 'PUSH':
        return {
          protocol: plan.protocol,
          commands: plan.commands.map((which, index) =>
            signedCommand(which, index === 0 ? plan.edits : []),
          ),
        } satisfies PushRequest
      case 'PULL':
        return {
          protocol: plan.protocol,
          checkpoint: { ...desk.checkpoint },
          limit: 100,
          lastCommand: 0,
        }
      case 'SIGN_IN':
      case 'SESSION':
        return { email: `${A.marker}admin@example.org`, password: PASSWORD }
      case 'ENROL':
        return {
          clinicId: A.clinic.clinicId,
          stationName: 'Desk',
          publicKey: { ...desk.credential.publicKey },
        }
      case 'TOKEN':
        return { refreshToken: A.refreshToken }
      case 'STAFF':
        return { roles: ['RECEPTION'], active: true }
      case 'SETTINGS':
        return { ...A.clinic.settings }
      case 'ANY':
        return { clinicId: B.clinic.clinicId, id: B.patient.id, limit: 10 }
    }
  }

  function addressOf(plan: Plan): { method: string; path: string } {
    const clinic = `/v1/clinics/${A.clinic.clinicId}`
    switch (plan.kind) {
      case 'PUSH':
        return { method: 'POST', path: '/v1/push' }
      case 'PULL':
        return { method: 'POST', path: '/v1/pull' }
      case 'SIGN_IN':
        return { method: 'POST', path: '/v1/sign-in' }
      case 'SESSION':
        return { method: 'POST', path: '/v1/sessions' }
      case 'ENROL':
        return { method: 'POST', path: '/v1/stations' }
      case 'TOKEN':
        return { method: 'POST', path: '/v1/token' }
      case 'STAFF':
        return { method: 'PATCH', path: `${clinic}/staff/${A.clinic.people.reception2}` }
      case 'SETTINGS':
        return { method: 'PUT', path: `${clinic}/settings` }
      case 'ANY': {
        const [method = 'GET', pattern = '/'] = (routes[plan.route % routes.length] ?? '').split(
          ' ',
        )
        let at = 0
        const path = pattern.replace(/:\w+/g, () => {
          const id = ids[(plan.ids[at] ?? 0) % ids.length] ?? ''
          at += 1
          return encodeURIComponent(id)
        })
        return { method, path }
      }
    }
  }

  /** The desk's proof of its key (RFC 9449), changed before it is signed. */
  function proofOf(plan: Plan): string {
    const { now } = A.clinic.clock
    const parts = {
      header: { alg: 'EdDSA', typ: 'dpop+jwt', jwk: { ...desk.credential.publicKey } },
      claims: {
        htm: 'POST',
        htu: `${url}/v1/token`,
        jti: randomUUID(),
        iat: Math.floor(now / 1000),
      },
    }
    for (const edit of plan.outer) applyEdit(parts, edit)
    const said = [parts.header, parts.claims]
      .map((part) => Buffer.from(JSON.stringify(part) ?? '').toString('base64url'))
      .join('.')
    return `${said}.${desk.signText(said).signature}`
  }

  return (plan) => {
    const { method, path } = addressOf(plan)
    const body = bodyOf(plan)
    const around = plan.kind === 'PUSH' ? plan.outer : plan.edits
    for (const edit of around) applyEdit(body, edit)
    const isPersons =
      ['STAFF', 'SETTINGS', 'ENROL'].includes(plan.kind) || path.includes('/clinics')
    const good = isPersons ? A.personToken : A.stationToken
    const token = {
      STATION: good,
      PERSON: isPersons ? A.stationToken : A.personToken,
      NOBODY: null,
      FORGED: `${good.slice(0, -8)}AAAAAAAA`,
    }[plan.as]
    const headers = new Headers({
      'x-forwarded-for': randomUUID(),
      [PROTOCOL_HEADER]: String(plan.protocol),
    })
    if (token !== null) headers.set('authorization', `Bearer ${token}`)
    if (plan.kind === 'TOKEN') headers.set('dpop', proofOf(plan))
    if (plan.header !== null) {
      for (const name of ['accept-encoding', 'x-request-id', 'dpop']) headers.set(name, plan.header)
    }
    return new Request(url + path + (plan.query ?? ''), {
      method,
      headers,
      ...(method === 'GET' ? {} : { body: bytesOf(JSON.stringify(body), plan.text) }),
    })
  }
}

function bytesOf(text: string, damage: Plan['text']): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text)
  if (damage === null) return bytes
  const at = damage.at % (bytes.length + 1)
  return Uint8Array.from([
    ...bytes.subarray(0, at),
    ...damage.bytes,
    ...bytes.subarray(at + damage.cut),
  ])
}

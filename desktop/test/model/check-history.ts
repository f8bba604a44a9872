import pg from 'pg'
import { verifyAudit } from '#server/audit/verify-audit.ts'
import { withClinic } from '#server/database/clinic-tx.ts'
import { Appointment, bookingStatus } from '#shared/appointment.ts'
import { Command, type CommandName } from '#shared/commands.ts'
import { Entry } from '#shared/entry.ts'
import { Invoice } from '#shared/invoice.ts'
import { LabResult, resultStatus } from '#shared/lab-result.ts'
import type { Role } from '#shared/roles.ts'
import { Visit } from '#shared/visit.ts'
import { foldVisit } from '#shared/visit-fold.ts'
import { type Contents, readServerContents } from '../support/compare.ts'
import { userIdOf } from '../support/station-in-process.ts'
import { changedForGood, lostTexts } from './check-words.ts'
import { ACCOUNTS, ROLES } from './history-plan.ts'
import type { StationFile } from './model-station.ts'
import { MODEL_CLINIC, type ModelClinic } from './model-world.ts'
import type { History } from './run-history.ts'

interface CommandRow {
  commandId: string
  stationId: string
  seq: number
  name: CommandName
  authorId: string
  verdict: string
  audited: number
}

/**
 * What must hold at the end of any history (ARCHITECTURE, I1-I8), from the files and the database as
 * they lie there, by none of the code that made them where that can be helped.
 *
 * @returns what does not hold, in words; empty when all is well
 */
export async function findBroken(clinic: ModelClinic, history: History): Promise<string[]> {
  const files = await Promise.all(clinic.stations.map(({ read }) => read()))
  const server = await readServer(clinic)
  return [
    ...files.flatMap((file, number) => brokenFile(file, number)),
    ...files.flatMap((file, number) => differences(server.contents, file, number)),
    ...lostCommands(server.commands, files, history),
    ...lostConfirmations(server.contents, files, history),
    ...lostTexts(server.contents, files, history),
    ...changedForGood(server.contents, [...files, ...history.lost.values()]),
    ...unlawful(server.commands),
    ...brokenVisits(server.contents),
    ...brokenRecords(server.contents),
    ...brokenNumbers(server.contents),
    ...server.broken,
  ]
}

function brokenFile({ integrity, outbox, faults }: StationFile, number: number): string[] {
  return [
    ...(integrity === 'ok' ? [] : [`I1: file of station ${number}: ${integrity}`]),
    ...outbox.map((row) => `I2: station ${number} still holds ${row}`),
    ...faults.map((fault) => `station ${number} logged ${fault}`),
  ]
}

/** I2: equal documents everywhere. */
function differences(server: Contents, file: StationFile, number: number): string[] {
  const here = new Map(file.documents)
  const keys = new Set([...server.keys(), ...here.keys()])
  return [...keys]
    .filter((key) => server.get(key) !== here.get(key))
    .map(
      (key) =>
        `I2: ${key} differs at station ${number}: here ${here.get(key)}, at the server ${server.get(key)}`,
    )
}

/** I1, I2, I8: every command that a station confirmed was answered for good, and once. */
function lostCommands(
  commands: readonly CommandRow[],
  files: readonly StationFile[],
  { confirmed, restored, lost }: History,
): string[] {
  const broken: string[] = []
  const byStation = Map.groupBy(commands, ({ stationId }) => stationId)
  for (const [number, { stationIds, commands: made, hasSkipped, rejected }] of files.entries()) {
    const heard = stationIds.flatMap((stationId) => byStation.get(stationId) ?? [])
    const told = new Set(heard.map(({ seq }) => seq))
    // What a server refused and was then set back it has never heard of; the inbox has it.
    const refused = (restored > 0 ? rejected.map(readCommand) : []).filter(
      ({ seq }) => !told.has(seq),
    )
    const seqs = [...heard, ...refused].map(({ seq }) => seq).toSorted((a, b) => a - b)
    const seen = confirmed.filter(({ station }) => station === number).length
    const isWhole = seqs.length === made && seqs.every((seq, index) => seq === index + 1)
    const mayLack = hasSkipped && seqs.length >= seen && (seqs.at(-1) ?? 0) <= made
    // An older image of it counted on from where it was, and had never heard some of the answers.
    if (!isWhole && !mayLack && !lost.has(number)) {
      broken.push(`I1: station ${number} made ${made} commands, the server heard ${seqs.join()}`)
    }
  }
  const idsOf = (texts: readonly string[]) => texts.map((text) => readCommand(text).commandId)
  const gone = new Set<string>([...lost.values()].flatMap(({ unsent }) => idsOf(unsent)))
  const kept = new Set<string>([
    ...[...files, ...lost.values()].flatMap(({ rejected }) => idsOf(rejected)),
    ...gone,
  ])
  for (const row of commands) {
    if (row.verdict === 'HELD' && !gone.has(row.commandId)) {
      broken.push(`I2: ${row.name} ${row.commandId} is held for ever`)
    }
    if (row.verdict === 'REJECTED' && !kept.has(row.commandId)) {
      broken.push(`I8: refused ${row.name} ${row.commandId} is in no inbox`)
    }
  }
  return broken
}

const readCommand = (payload: string): Command => Command.parse(JSON.parse(payload))

/** I1, I8: what a person saw confirmed stands, or is in the inbox of the station with what was entered. */
function lostConfirmations(
  server: Contents,
  files: readonly StationFile[],
  { confirmed, lost }: History,
): string[] {
  return confirmed.flatMap(({ station, name, output }) => {
    const gone = lost.get(station)
    const kept = [files[station], gone]
      .flatMap((file) => file?.rejected ?? [])
      .concat(gone?.unsent ?? [])
      .join('\n')
    const ids: Array<[string, string]> = [
      ['visits', 'visitId'],
      ['patients', 'patientId'],
      ['entries', 'entryId'],
    ]
    return ids.flatMap(([collection, field]) => {
      const id: unknown = Reflect.get(Object(output), field)
      if (typeof id !== 'string') return []
      const stands = server.has(`${collection}/${id}`) || kept.includes(id)
      return stands ? [] : [`I1: confirmed ${name} at station ${station} lost ${collection}/${id}`]
    })
  })
}

/** PRODUCT's table by hand: commands that a role may never bring in, whatever the status. */
const CARE: readonly CommandName[] = [
  'writeNotes',
  'draftPrescription',
  'finalizePrescription',
  'appendAddendum',
  'orderLab',
  'reviewResult',
  'openRecord',
  'waiveFee',
]
const BEDSIDE: readonly CommandName[] = ['recordVitals', 'editAllergies', 'fileResult']
const OFFICE: readonly CommandName[] = [
  'issueInvoice',
  'voidInvoice',
  'countDrawer',
  'saveStockItem',
  'moveStock',
  'bookAppointment',
  'moveAppointment',
  'cancelAppointment',
  'markAppointmentMissed',
]
const NEVER: Record<Role, readonly CommandName[]> = {
  RECEPTION: [
    ...CARE,
    ...BEDSIDE,
    'voidInvoice',
    'saveStockItem',
    'moveStock',
    'finishVisit',
    'sendToDoctor',
    'sendToAssistant',
    'returnToLine',
    'decideQuarantined',
  ],
  DOCTOR: [
    ...OFFICE,
    'checkIn',
    'registerPatient',
    'editPatient',
    'takePayment',
    'refund',
    'cancel',
    'skip',
    'markNoShow',
    'decideQuarantined',
  ],
  ASSISTANT: [
    ...CARE,
    ...OFFICE,
    'checkIn',
    'registerPatient',
    'editPatient',
    'takePayment',
    'refund',
    'cancel',
    'finishVisit',
    'decideQuarantined',
  ],
  ACCOUNTANT: [
    ...CARE,
    ...BEDSIDE,
    'saveStockItem',
    'moveStock',
    'bookAppointment',
    'checkIn',
    'registerPatient',
    'editPatient',
    'startVisit',
    'finishVisit',
    'cancel',
    'call',
    'decideQuarantined',
  ],
  INVENTORY: [],
  ADMIN: [...CARE, ...BEDSIDE, 'finishVisit', 'sendToAssistant', 'returnToLine', 'sendToDoctor'],
}

/** I6, I7. */
function unlawful(commands: readonly CommandRow[]): string[] {
  const roleOf = new Map(ACCOUNTS.map((account) => [String(userIdOf(account)), ROLES[account]]))
  return commands.flatMap(({ name, authorId, verdict, audited, commandId }) => {
    const role = roleOf.get(authorId)
    const broken: string[] = []
    if (verdict === 'ACCEPTED' && (role === undefined || NEVER[role].includes(name))) {
      broken.push(`I6: ${name} of a ${role} was accepted`)
    }
    if (audited !== (verdict === 'ACCEPTED' ? 1 : 0)) {
      broken.push(`I7: ${verdict} ${name} ${commandId} is in the audit ${audited} times`)
    }
    return broken
  })
}

/** I4 and the fold: tickets are one's own, and a status is what its steps give. */
function brokenVisits(server: Contents): string[] {
  const visits = documentsOf(server, 'visits').map((doc) => Visit.parse(doc))
  const tickets = visits.map(
    ({ queueDay, ticket }) => `${queueDay} ${ticket.letter}-${ticket.number}`,
  )
  const twice = tickets.filter((ticket, index) => tickets.indexOf(ticket) !== index)
  return [
    ...twice.map((ticket) => `I4: two visits hold ${ticket}`),
    ...visits
      .filter(({ status, transitions }) => foldVisit(transitions).status !== status)
      .map(({ id }) => `I2: the status of ${id} is not that of its steps`),
  ]
}

/** The fold, of what has one beside the visit. */
function brokenRecords(server: Contents): string[] {
  const bookings = documentsOf(server, 'appointments').map((doc) => Appointment.parse(doc))
  const results = documentsOf(server, 'labResults').map((doc) => LabResult.parse(doc))
  return [
    ...bookings.filter(({ status, steps }) => bookingStatus(steps) !== status),
    ...results.filter((result) => resultStatus(result) !== result.status),
  ].map(({ id }) => `I2: the status of ${id} is not what it follows from`)
}

/** I4, of the other numbers: none is given twice. */
function brokenNumbers(server: Contents): string[] {
  const numbers = [
    ...documentsOf(server, 'entries').flatMap((doc) => {
      const { body } = Entry.parse(doc)
      return body.kind === 'PAYMENT'
        ? [`receipt ${body.receipt.letter}-${body.receipt.number}`]
        : []
    }),
    ...documentsOf(server, 'invoices').map((doc) => {
      const { number } = Invoice.parse(doc)
      return `invoice ${number.letter}-${number.number}`
    }),
    ...documentsOf(server, 'appointments').map((doc) => {
      const { number, doctorId, day } = Appointment.parse(doc)
      return `booking ${number.letter}-${number.number} of ${doctorId} on ${day}`
    }),
  ]
  return numbers
    .filter((number, index) => numbers.indexOf(number) !== index)
    .map((number) => `I4: twice there is ${number}`)
}

function documentsOf(contents: Contents, collection: string): unknown[] {
  return [...contents].flatMap(([key, text]) =>
    key.startsWith(`${collection}/`) ? [JSON.parse(text) as unknown] : [],
  )
}

async function readServer(clinic: ModelClinic): Promise<{
  contents: Contents
  commands: CommandRow[]
  broken: string[]
}> {
  const client = new pg.Client({ connectionString: clinic.appUrl })
  await client.connect()
  try {
    const contents = await readServerContents(client, MODEL_CLINIC)
    const { rows: commands } = await client.query<CommandRow>(
      `SELECT command_id AS "commandId", station_id AS "stationId", station_seq::int AS seq, name,
         author_id AS "authorId", verdict,
         (SELECT count(*)::int FROM audit_entries a
          WHERE a.clinic_id = c.clinic_id AND a.command_id = c.command_id) AS audited
       FROM commands c WHERE clinic_id = $1`,
      [MODEL_CLINIC],
    )
    const { rows } = await client.query<{ head: number; top: number; twice: number }>(
      `SELECT head::int, (SELECT max(seq)::int FROM documents WHERE clinic_id = $1) AS top,
         (SELECT count(*) - count(DISTINCT seq) FROM documents WHERE clinic_id = $1)::int AS twice
       FROM feeds WHERE clinic_id = $1`,
      [MODEL_CLINIC],
    )
    const chain = await clinic.withPool((pool) => withClinic(pool, MODEL_CLINIC, verifyAudit))
    const [feed] = rows
    const isFeedWhole = feed !== undefined && feed.top <= feed.head && feed.twice === 0
    return {
      contents,
      commands,
      broken: [
        ...(chain.ok ? [] : [`I7: the audit breaks at ${chain.seq}: ${chain.reason}`]),
        ...(isFeedWhole ? [] : [`I2: the feed is ${JSON.stringify(feed)}`]),
      ],
    }
  } finally {
    await client.end()
  }
}

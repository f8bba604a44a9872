import { z } from 'zod'
import { PatientId, UserId, VisitId } from '#shared/ids.ts'
import { BoardView } from './board-view.ts'
import { ImportView } from './import-view.ts'
import { InboxView } from './inbox-view.ts'
import { PatientView } from './patient-view.ts'
import { ProposalView } from './proposal-view.ts'
import { RecordView } from './record-view.ts'
import { SearchView } from './search-view.ts'
import { PeopleView, SessionView } from './session-view.ts'
import { SyncView } from './sync-view.ts'

/** The closed list of what a window may watch: name -> parameters and view. */
export const QUERIES = {
  session: { params: z.strictObject({}), view: SessionView },
  people: { params: z.strictObject({}), view: PeopleView },
  board: { params: z.strictObject({}), view: BoardView },
  search: {
    params: z.strictObject({ text: z.string().max(200), limit: z.int().min(1).max(50) }),
    view: SearchView,
  },
  patient: { params: z.strictObject({ patientId: PatientId }), view: PatientView },
  proposal: {
    params: z.strictObject({ patientId: PatientId.nullable(), doctorId: UserId.nullable() }),
    view: ProposalView,
  },
  record: { params: z.strictObject({ visitId: VisitId }), view: RecordView },
  inbox: { params: z.strictObject({}), view: InboxView },
  sync: { params: z.strictObject({}), view: SyncView },
  import: { params: z.strictObject({}), view: ImportView },
} as const

export const QueryName = z.enum([
  'session',
  'people',
  'board',
  'search',
  'patient',
  'proposal',
  'record',
  'inbox',
  'sync',
  'import',
])
export type QueryName = z.infer<typeof QueryName>
export type QueryParams<Q extends QueryName> = z.infer<(typeof QUERIES)[Q]['params']>
export type QueryView<Q extends QueryName> = z.infer<(typeof QUERIES)[Q]['view']>

import { boardView } from './board.ts'
import { importView } from './import.ts'
import { inboxView } from './inbox.ts'
import { patientView } from './patient.ts'
import { proposalView } from './proposal.ts'
import { recordView } from './record.ts'
import { searchView } from './search.ts'
import type { ClinicDeps, ClinicViews } from './view.ts'

/** What a window may watch of a clinic. */
export function clinicViews(deps: ClinicDeps): ClinicViews {
  return {
    board: () => boardView(deps),
    search: (params) => searchView(deps, params),
    patient: (params) => patientView(deps, params),
    proposal: (params) => proposalView(deps, params),
    record: (params) => recordView(deps, params),
    inbox: () => inboxView(deps),
    import: () => importView(deps),
  }
}

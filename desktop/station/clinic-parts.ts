import { AppError } from '#shared/errors.ts'
import { commandHandlers } from './commands/handlers.ts'
import type { ClinicDeps, ClinicViews, CommandHandlers } from './views/view.ts'
import { refusedView } from './watch.ts'

export function clinicActions(deps: ClinicDeps): CommandHandlers {
  return {
    ...commandHandlers(deps),
    importCsv() {
      throw new AppError('UNAVAILABLE')
    },
  }
}

export function clinicViews(_deps: ClinicDeps): ClinicViews {
  const none = (): never => refusedView('UNAVAILABLE') as never
  return { board: none, search: none, patient: none, proposal: none, inbox: none, import: none }
}

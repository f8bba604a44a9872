import type { ImportView } from '../contract/import-view.ts'
import { requireImport } from '../import/import-csv.ts'
import { progressOf } from '../import/import-progress.ts'
import type { ClinicDeps, View } from './view.ts'

export function importView({ replica, session }: ClinicDeps): View<ImportView> {
  return {
    compute() {
      requireImport(replica, session.require().roles)
      const progress = progressOf(replica)
      // A copy: the import goes on writing into its own.
      return {
        ...progress,
        errors: [...progress.errors],
        warnings: [...progress.warnings],
      }
    },
    dependsOn: (change) => change.import || change.session,
  }
}

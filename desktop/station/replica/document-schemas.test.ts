import { addRxPlugin, createRxDatabase } from 'rxdb'
import { RxDBDevModePlugin, disableWarnings } from 'rxdb/plugins/dev-mode'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import { wrappedValidateAjvStorage } from 'rxdb/plugins/validate-ajv'
import { expect, test } from 'vitest'
import { patientOf, visitOf } from '#shared/test-values.ts'
import { collectionSchemas } from './document-schemas.ts'

// RxDB checks schemas and documents only in its development mode, which is never shipped.
test("RxDB's strict mode takes the schemas, and documents pass them", async () => {
  disableWarnings()
  addRxPlugin(RxDBDevModePlugin)
  const database = await createRxDatabase({
    name: 'schemas',
    storage: wrappedValidateAjvStorage({ storage: getRxStorageMemory() }),
    multiInstance: false,
  })
  const { patients, visits } = await database.addCollections(collectionSchemas())
  await patients.insert(patientOf())
  await visits.insert(visitOf())
  await expect(visits.insert({ ...visitOf(), id: 'x'.repeat(99) })).rejects.toThrow(/VD2/)
  await database.close()
})

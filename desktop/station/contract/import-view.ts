import { z } from 'zod'

const ImportRemark = z.object({
  line: z.number(),
  /** The heading, as the file has it. */
  column: z.string(),
  code: z.string(),
  value: z.string(),
})

export const ImportView = z.object({
  running: z.boolean(),
  fileName: z.string().nullable(),
  done: z.number(),
  total: z.number(),
  imported: z.number(),
  duplicates: z.number(),
  /** Rows that were not taken. The first 500; `errorCount` counts all. */
  errors: z.array(ImportRemark),
  errorCount: z.number(),
  /** Cells that were taken and are worth a look. The first 500; `warningCount` counts all. */
  warnings: z.array(ImportRemark),
  warningCount: z.number(),
  /** Headings that were not understood: these columns are not in the clinic's book. */
  unread: z.array(z.string()),
})
export type ImportView = z.infer<typeof ImportView>

import type { Fault } from './fault.ts'

const AT = 'desktop/station/storage'
const query = (test: string) => ({ file: `${AT}/document-query.test.ts`, test })
const instance = (test: string) => ({ file: `${AT}/storage-instance.test.ts`, test })
const store = (test: string) => ({ file: `${AT}/store.test.ts`, test })
const search = (test: string) => ({ file: `${AT}/search.test.ts`, test })
const join = (test: string) => ({ file: `${AT}/join.test.ts`, test })
const connection = (test: string) => ({ file: `${AT}/connection.test.ts`, test })

const AS_MEMORY = query('answers as the memory storage does, order included')
const TYPES = query(
  'each operator compares each type with each as RxDB does, and each sorts in its place',
)
const DURABLE = connection('commits are synchronous, and sorts never spill to disk')
const MADE_ANEW = search(
  'is made anew while it is used, and the process after one that died in the middle goes on',
)
const BAD_DISK = {
  file: `${AT}/bad-disk.test.ts`,
  test: 'what meets a full disk, or one that fails to keep it, is refused whole, and done afterwards',
}
const TOLD = store('tells once per collection, after the commit, one change per document')

export const FAULTS: readonly Fault[] = [
  {
    is: 'the last column of an index is skipped',
    file: `${AT}/collection-table.ts`,
    edits: [
      { from: "(${names.join(', ')})${live", to: "(${names.slice(0, -1).join(', ')})${live" },
    ],
    caughtBy: query('uses the index for an equality and an order'),
  },
  {
    is: "a number's column stays empty",
    file: `${AT}/collection-table.ts`,
    edits: [{ from: 'row.push(value)', to: "row.push(typeof value === 'number' ? null : value)" }],
    caughtBy: AS_MEMORY,
  },
  {
    is: 'the comparator is off by one type: texts greater than one reach into the booleans',
    file: `${AT}/selector-sql.ts`,
    edits: [{ from: "`${column} < x''`", to: "`${column} < x'03'`" }],
    caughtBy: TYPES,
  },
  {
    is: 'null sorts with what is missing',
    file: `${AT}/index-value.ts`,
    edits: [
      { from: 'if (value === null) return NULL_VALUE', to: 'if (value === null) return null' },
    ],
    caughtBy: TYPES,
  },
  {
    is: "text is left in SQLite's byte order",
    file: `${AT}/index-value.ts`,
    edits: [{ from: 'if (!ABOVE_ASCII_ORDER.test(text)) return text', to: 'return text' }],
    caughtBy: {
      file: `${AT}/index-value.test.ts`,
      test: 'orders in SQLite as strings order in JavaScript, and loses nothing',
    },
  },
  {
    is: 'a page holds one document too many',
    file: `${AT}/document-query.ts`,
    edits: [
      {
        from: 'if (found.length >= skip + limit) break',
        to: 'if (found.length > skip + limit) break',
      },
    ],
    caughtBy: AS_MEMORY,
  },
  {
    is: 'of several events of a transaction the last is lost',
    file: `${AT}/transaction.ts`,
    edits: [
      {
        from: 'if (bulk !== undefined) bulks.push',
        to: 'if (bulk !== undefined && bulks.length === 0) bulks.push',
      },
    ],
    caughtBy: TOLD,
  },
  {
    is: 'events are told before the commit',
    file: `${AT}/transaction.ts`,
    edits: [
      { from: '      commit.run()\n', to: '      tell(parts)\n      commit.run()\n' },
      { from: '      tell([part])\n      return result()\n', to: '      return result()\n' },
    ],
    caughtBy: TOLD,
  },
  {
    is: 'the sequence is not kept, and repeats after a restart',
    file: `${AT}/transaction.ts`,
    edits: [
      { from: 'keepSequence: () => keepSequence(sequence)', to: 'keepSequence: () => undefined' },
    ],
    caughtBy: instance(
      'changes are paged by a sequence that survives restart and forgotten tombstones',
    ),
  },
  {
    is: 'a rollback leaves a hole in the sequence',
    file: `${AT}/transaction.ts`,
    edits: [{ from: 'sequence = first\n', to: '\n' }],
    caughtBy: store('that throws leaves no document, no row of the caller and no event'),
  },
  {
    // Preparing that statement sets it already (SQLite runs this pragma while it compiles it).
    is: 'an fsync is left out',
    file: `${AT}/transaction.ts`,
    edits: [{ from: "'PRAGMA synchronous = FULL'", to: "'PRAGMA synchronous = NORMAL'" }],
    caughtBy: DURABLE,
  },
  {
    is: 'what a listener writes after a repeatable transaction does not wait for the disk',
    file: `${AT}/transaction.ts`,
    edits: [
      {
        from: 'withoutWaiting(() => commitAll([part]))',
        to: 'withoutWaiting(() => (commitAll([part]), tell([part])))',
      },
    ],
    caughtBy: join('a repeatable transaction spares only itself the wait for the disk'),
  },
  {
    is: 'sorts may spill to a plain file',
    file: `${AT}/connection.ts`,
    edits: [{ from: 'temp_store = MEMORY', to: 'temp_store = FILE' }],
    caughtBy: DURABLE,
  },
  {
    is: 'a write over another revision is no conflict',
    file: `${AT}/storage-instance.ts`,
    edits: [
      {
        from: 'row.previous?._rev === rev ? row.previous',
        to: 'row.previous !== undefined ? row.previous',
      },
    ],
    caughtBy: instance(
      'a write over another revision is a conflict, and the rest of the bulk is written',
    ),
  },
  {
    is: 'clean-up forgets the living too',
    file: `${AT}/collection-table.ts`,
    edits: [{ from: 'WHERE deleted = 1 AND lwt <= ?', to: 'WHERE lwt <= ?' }],
    caughtBy: instance(
      'changes are paged by a sequence that survives restart and forgotten tombstones',
    ),
  },
  {
    is: 'an attachment outlives its document',
    file: `${AT}/storage-instance.ts`,
    edits: [
      {
        from: 'attachments?.remove(documentId, attachmentId)',
        to: 'void [documentId, attachmentId]',
      },
    ],
    caughtBy: instance('attachments are kept, replaced and removed with their documents'),
  },
  {
    is: 'one write that fails takes those of its turn with it',
    file: `${AT}/transaction.ts`,
    edits: [
      {
        from: 'for (const part of parts) commitAlone(part)',
        to: 'for (const part of parts) part.reject(error)',
      },
    ],
    caughtBy: join('of them one that fails takes no other with it'),
  },
  {
    is: 'each write of a turn waits for the disk by itself',
    file: `${AT}/transaction.ts`,
    edits: [{ from: 'if (waiting.length === 1) queueMicrotask(settle)', to: 'settle()' }],
    caughtBy: join('share one commit, and each has its own conflicts, context and events'),
  },
  {
    is: 'the deleted are still found by search',
    file: `${AT}/search-index.ts`,
    edits: [
      {
        from: 'document._deleted ? undefined : source.text(document)',
        to: 'source.text(document)',
      },
    ],
    caughtBy: search('finds by the beginnings of all words, as soon as the transaction has ended'),
  },
  {
    is: 'the search index is kept when its normaliser changes',
    file: `${AT}/search-index.ts`,
    edits: [
      {
        from: 'isWhole ||= select.get(table.name) === version',
        to: 'isWhole ||= select.get(table.name) !== null',
      },
    ],
    caughtBy: search('is made anew when its version changes, and only then'),
  },
  {
    is: 'a search index half made anew is begun again by the next process',
    file: `${AT}/search-index.ts`,
    edits: [
      {
        from: 'Math.abs(select.get(table.name) ?? 0) !== version',
        to: '(select.get(table.name) ?? 0) !== version',
      },
    ],
    caughtBy: MADE_ANEW,
  },
  {
    is: 'a search index cut off under one version is gone on with under the next',
    file: `${AT}/search-index.ts`,
    edits: [
      {
        from: 'update.run(-version, table.name)\n      forget.run(key)',
        to: 'update.run(-version, table.name)',
      },
    ],
    caughtBy: MADE_ANEW,
  },
  {
    is: 'a step of clean-up goes on until all is forgotten',
    file: `${AT}/collection-table.ts`,
    edits: [{ from: 'while (hasTime())', to: 'while (hasTime() || true)' }],
    caughtBy: instance('clean-up goes in steps'),
  },
  {
    is: 'a step folds the log into a file that is being copied',
    file: `${AT}/log-folding.ts`,
    edits: [{ from: 'if (isWithheld) return run()', to: '' }],
    caughtBy: {
      file: `${AT}/damage.test.ts`,
      test: 'is whole, under the same key, and of one moment',
    },
  },
  {
    is: 'while the file is given another key, the former is still noted as its own',
    file: `${AT}/connection.ts`,
    edits: [{ from: '    forgetKey(path)\n', to: '' }],
    caughtBy: { file: `${AT}/rekey.test.ts`, test: 'exactly one of the two keys opens the file' },
  },
  {
    is: "a file's next key is the computer's before it is the owner's",
    file: 'desktop/station/recovery/recovery-file.ts',
    edits: [
      {
        from: '  keepRecovery(folder, next, code)\n  await keepKey(next)\n',
        to: '  await keepKey(next)\n  keepRecovery(folder, next, code)\n',
      },
    ],
    caughtBy: {
      file: 'desktop/station/replica/renew-key.test.ts',
      test: 'killed between any two steps of renewing its key',
    },
  },
  {
    is: 'what the search index holds of a transaction that a full disk has refused is kept',
    file: `${AT}/transaction.ts`,
    edits: [{ from: 'search?.forgetUncommitted()', to: 'void search' }],
    caughtBy: BAD_DISK,
  },
  {
    is: 'half a copy is left on a disk that it has filled',
    file: `${AT}/backup.ts`,
    edits: [{ from: 'await rm(`${to}.new`, { force: true })', to: 'void rm' }],
    caughtBy: BAD_DISK,
  },
  {
    is: 'the daily check leaves out the indexes of a big file',
    file: `${AT}/integrity.ts`,
    edits: [{ from: '    yield* readIndexes(db)\n', to: '' }],
    caughtBy: {
      file: `${AT}/damage.test.ts`,
      test: 'of every table and index, of a file too big to be walked at once',
    },
  },
]

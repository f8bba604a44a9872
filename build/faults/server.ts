import type { Fault } from './fault.ts'

const PUSH = 'sync-server/sync/push.pg.test.ts'
const REJOIN = 'sync-server/identity/rejoin.pg.test.ts'
const HELD = 'sync-server/sync/held.pg.test.ts'
const CLOCK = 'sync-server/sync/ticket-and-clock.pg.test.ts'
const TOKEN = 'sync-server/identity/token.pg.test.ts'
const LOST = 'sync-server/sync/lost-history.pg.test.ts'

/** What may go wrong in the server, and in the rules it shares with the stations. */
const JUDGE_FORGED = {
  file: 'shared/judge.test.ts',
  test: 'refuses a forged author, time, station or altered history',
}

export const FAULTS: readonly Fault[] = [
  {
    is: 'the role is not asked for',
    file: 'shared/judge-context.ts',
    edits: [
      {
        from: 'return can(roles, status, action, context.settings.narrowing)\n',
        to: 'return roles.length >= 0\n',
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'by role, with what stands instead' },
  },
  {
    is: 'the status seen is not asked for',
    file: 'shared/judge-visit.ts',
    edits: [
      {
        from: "if (!from.includes(status)) return refuse('UNLAWFUL_STEP', { status, command: name })",
        to: '',
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'by status' },
  },
  {
    is: 'steps are folded latest first',
    file: 'shared/visit-fold.ts',
    edits: [
      {
        from: 'if (a.at !== b.at) return a.at < b.at ? -1 : 1',
        to: 'if (a.at !== b.at) return a.at < b.at ? 1 : -1',
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'cancel and start one visit' },
  },
  {
    is: 'what the station acknowledged is not held against it',
    file: 'sync-server/sync/history-seen.ts',
    edits: [
      {
        from: 'const acknowledged = Math.max(known.enrolledSeq, isLate ? known.lastAck : last)',
        to: 'const acknowledged = isLate ? 0 : Math.min(last, 0)',
      },
    ],
    project: 'pg',
    caughtBy: { file: HELD, test: 'a station cannot claim not to have seen' },
  },
  {
    is: 'a feed number is skipped',
    file: 'sync-server/sync/working-set.ts',
    edits: [{ from: 'set.feed.head += 1', to: 'set.feed.head += 2' }],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'fill one feed without a gap' },
  },
  {
    is: 'row-level security is off on a table',
    file: 'sync-server/database/migrations/0004-seen.sql',
    edits: [
      {
        from: 'DROP INDEX documents_patient_day;',
        to: 'ALTER TABLE station_sessions DISABLE ROW LEVEL SECURITY; DROP INDEX documents_patient_day;',
      },
    ],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/database/row-level-security.pg.test.ts',
      test: 'without any filter, every statement on every tenant table reaches its own clinic alone',
    },
  },
  {
    is: 'a replay is answered as new',
    file: 'sync-server/sync/judge-push.ts',
    edits: [
      {
        from: "if (before !== undefined && before.verdict !== 'HELD') {",
        to: "if (before !== undefined && before.verdict === 'HELD') {",
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'is answered as the first time however often it comes' },
  },
  {
    is: 'a clock that runs ahead is believed',
    file: 'sync-server/sync/push.ts',
    edits: [
      {
        from: 'const isClamped = clamped.size > 0 || clamps.floor !== null',
        to: 'const isClamped = clamped.size > 1e9',
      },
    ],
    project: 'pg',
    caughtBy: { file: CLOCK, test: 'is clamped in order, and the station is told' },
  },
  {
    is: 'a signature is not looked at',
    file: 'sync-server/sync/arrival.ts',
    edits: [
      {
        from: "return (await checked) ? read : refuse('BAD_SIGNATURE')",
        to: "return (await checked) || commandId !== '' ? read : refuse('BAD_SIGNATURE')",
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'a bad signature is refused for itself' },
  },
  {
    is: 'an author need not have signed in at the station',
    file: 'sync-server/sync/lost-history.ts',
    edits: [
      {
        from: 'return admittedBy === null && !sessions.has(by)',
        to: 'return admittedBy === null && sessions.size > 1e9',
      },
    ],
    project: 'pg',
    caughtBy: { file: HELD, test: 'work of one who has not signed in here is held' },
  },
  {
    is: 'a document may name another clinic',
    file: 'sync-server/sync/arrival.ts',
    edits: [{ from: "if (!isOurs) return invalid(['clinicId'])", to: '' }],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'another station, another clinic, another form' },
  },
  {
    is: 'an entry can be changed in SQL',
    file: 'sync-server/database/migrations/0015-erase-texts.sql',
    edits: [
      {
        from: "  RAISE EXCEPTION '% % is written once', OLD.collection, OLD.id\n    USING ERRCODE = 'restrict_violation';",
        to: '  RETURN NEW;',
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'entries cannot be changed in SQL either' },
  },
  {
    is: 'a number found taken is left as it is',
    file: 'sync-server/sync/settle-number.ts',
    edits: [
      {
        from: 'if (number === null || letters.given === null) return document',
        to: 'if (number === null || letters.given !== -1) return document',
      },
    ],
    project: 'pg',
    caughtBy: { file: CLOCK, test: 'two stations and a storm of the same numbers' },
  },
  {
    is: 'the subscription is not asked for',
    file: 'shared/judge.ts',
    edits: [
      {
        from: 'if (NEW_WORK.includes(command.name) && !context.mayBeginWork(at))',
        to: 'if (NEW_WORK.includes(command.name) && at < 0)',
      },
    ],
    project: 'pg',
    caughtBy: { file: HELD, test: 'lets in what was done before, finishes what is open' },
  },
  {
    is: 'what was done offline after a deactivation goes in',
    file: 'shared/judge.ts',
    edits: [{ from: 'if (since !== null && at >= since)', to: 'if (since !== null && at < 0)' }],
    project: 'pg',
    caughtBy: { file: HELD, test: 'work from before is accepted, from after is quarantined' },
  },
  {
    is: 'an entry of the audit is not chained to the one before',
    file: 'sync-server/audit/append-audit.ts',
    edits: [
      {
        from: 'const hash = hashEntry(feed.auditHash, entry)',
        to: "const hash = hashEntry('', entry)",
      },
    ],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/audit/audit.pg.test.ts',
      test: 'each accepted command, and nothing else, is an entry of a whole chain',
    },
  },
  {
    is: 'a revoked station is let in until its token ends',
    file: 'sync-server/identity/require-station.ts',
    edits: [{ from: "if (station.revoked) throw new AppError('STATION_REVOKED')", to: '' }],
    project: 'pg',
    caughtBy: { file: TOKEN, test: 'a revoked station is refused at once' },
  },
  {
    is: 'a proof counts twice',
    file: 'sync-server/identity/renew-access.ts',
    edits: [{ from: 'return rowCount === 0', to: 'return rowCount < 0' }],
    project: 'pg',
    caughtBy: { file: TOKEN, test: 'a proof counts once' },
  },
  {
    is: 'a copied refresh token does not end its family',
    file: 'sync-server/identity/refresh-token.ts',
    edits: [{ from: 'await endFamily(tx, stationId, now)', to: 'void endFamily' }],
    project: 'pg',
    caughtBy: { file: TOKEN, test: 'an old token that comes back ends the family' },
  },
  {
    is: 'a checkpoint of another epoch is served',
    file: 'sync-server/sync/pull.ts',
    edits: [{ from: 'checkpoint?.epoch === epoch && ', to: '' }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/sync/pull.pg.test.ts',
      test: 'after a restore, all stations begin anew',
    },
  },
  {
    is: 'nobody is told of a push',
    file: 'sync-server/sync/feed.ts',
    edits: [
      {
        from: 'JSON.stringify(news),',
        to: "more.revoked === undefined ? '{}' : JSON.stringify(news),",
      },
    ],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/sync/stream.pg.test.ts',
      test: 'a push wakes the stations of its clinic at every instance',
    },
  },
  {
    is: 'a value that lost is not kept',
    file: 'shared/resolve.ts',
    edits: [
      {
        from: 'if (concurrent && !unkept.includes(field)) {',
        to: 'if (concurrent && unkept.includes(field)) {',
      },
    ],
    project: 'pg',
    caughtBy: { file: PUSH, test: 'edit one phone: the later stands, the other is kept' },
  },
  {
    is: 'a token of another clinic is let in at an address',
    file: 'sync-server/clinics/clinic-address.ts',
    edits: [{ from: 'station === clinic?.clinicId', to: 'clinic !== null' }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/clinics/clinic-address.pg.test.ts',
      test: 'with another clinic’s token answer alike',
    },
  },
  {
    is: 'an erasure leaves the texts in the documents',
    file: 'sync-server/audit/erased-document.ts',
    edits: [{ from: '    ...patient,\n    ...empty,\n', to: '    ...patient,\n' }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/audit/erase-patient.pg.test.ts',
      test: 'a patient who must be forgotten is found nowhere',
    },
  },
  {
    is: 'the former key need not be there to go on in its place',
    file: 'sync-server/clinics/stations.ts',
    edits: [
      {
        from: 'former === undefined || !isSignedBy(former.publicKey, rejoinText(request), proof)',
        to: 'former === undefined',
      },
    ],
    project: 'pg',
    caughtBy: { file: REJOIN, test: 'only an ADMIN, and only with the former key' },
  },
  {
    is: 'any station may bring the work of any other',
    file: 'sync-server/sync/senders.ts',
    edits: [
      {
        from: 'FROM line JOIN stations s ON s.clinic_id = $1 AND s.station_id = line.former_id`',
        to: 'FROM stations s WHERE s.clinic_id = $1`',
      },
    ],
    project: 'pg',
    caughtBy: {
      file: REJOIN,
      test: 'nobody brings the work of a station in whose place they do not',
    },
  },
  {
    is: 'a job is sent beside the transaction that it follows from',
    file: 'sync-server/jobs/job-sender.ts',
    edits: [{ from: 'await boss.insert(name, rows, { db })', to: 'await boss.insert(name, rows)' }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/jobs/jobs.pg.test.ts',
      test: 'a job and what it follows from are written together or not at all',
    },
  },
  {
    is: 'a history is shared without the patient’s consent',
    file: 'sync-server/sharing/copies-due.ts',
    edits: [
      {
        from: 'const consentId = standingConsent(own.entries)\n  if (consentId === null) return []',
        to: 'const consentId = standingConsent(own.entries) ?? there.id',
      },
    ],
    caughtBy: {
      file: 'sync-server/sharing/copies-due.test.ts',
      test: 'are there exactly when a link, one owner, two open clinics and a consent are',
    },
  },
  {
    is: 'a withdrawal leaves the text in the row',
    file: 'sync-server/sharing/share-history.ts',
    edits: [
      {
        from: 'SET seq = excluded.seq, doc = excluded.doc,',
        to: 'SET seq = excluded.seq, doc = CASE WHEN excluded.deleted THEN documents.doc ELSE excluded.doc END,',
      },
    ],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/sharing/end-of-sharing.pg.test.ts',
      test: 'a withdrawal; and given anew, it is there again',
    },
  },
  {
    is: 'who is ADMIN of one clinic links its patients to another’s',
    file: 'sync-server/sharing/link-patients.ts',
    edits: [{ from: "if (roles === null || !roles.includes('ADMIN')) return null", to: '' }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/sharing/linked-patients.pg.test.ts',
      test: 'an ADMIN of both, and nobody else',
    },
  },
  {
    is: 'whoever says what a forgotten station was is believed',
    file: 'sync-server/identity/refresh-token.ts',
    edits: [{ from: 'stated: isOurs', to: 'stated: isOurs || said' }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/identity/forgotten.pg.test.ts',
      test: 'by an ADMIN, its key and the word of this very deployment',
    },
  },
  {
    is: 'outbox numbers that come from a second copy pass unseen',
    file: 'sync-server/sync/second-copy.ts',
    edits: [
      {
        from: 'return letterSince > (copy.knownTo ?? 0) ? null',
        to: 'return letterSince > -1 ? null',
      },
    ],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/sync/second-copy.pg.test.ts',
      test: 'both acts under one number count',
    },
  },
  {
    is: 'a receipt is not in the index of given numbers',
    file: 'sync-server/database/migrations/0016-given-numbers.sql',
    edits: [{ from: "WHEN 'entries' THEN 'receipt/' ||", to: "WHEN 'nothing' THEN 'receipt/' ||" }],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/database/given-numbers.pg.test.ts',
      test: 'what was doubled stands as it is',
    },
  },
  {
    is: 'what stands on what a restore lost is refused',
    file: 'sync-server/sync/lost-history.ts',
    edits: [
      {
        from: 'if (missing.length === 0 && !hasSeenMore) return false',
        to: 'if (missing.length >= 0 || hasSeenMore) return false',
      },
    ],
    project: 'pg',
    caughtBy: { file: LOST, test: 'waits, and goes in once it is there' },
  },
  {
    is: 'a number of the feed before a restore is taken for one of this feed',
    file: 'sync-server/sync/history-seen.ts',
    edits: [
      {
        from: 'const isOfBefore = lost !== null && acknowledged <= lost.seq',
        to: 'const isOfBefore = lost !== null && acknowledged < 0',
      },
    ],
    project: 'pg',
    caughtBy: { file: LOST, test: 'whoever was deactivated since is judged by when they made it' },
  },
  {
    is: 'what the server tries by itself it refuses, with no desk to tell',
    file: 'sync-server/sync/retry-held.ts',
    edits: [
      {
        from: "outcome === undefined || outcome.verdict === 'REJECTED'",
        to: 'outcome === undefined',
      },
    ],
    project: 'pg',
    caughtBy: {
      file: 'sync-server/sync/retry-held.pg.test.ts',
      test: 'what would be refused waits for its desk',
    },
  },
  {
    is: 'a command may do more than its name says',
    file: 'shared/command-changes.ts',
    edits: [
      {
        from: 'return isTheCommand(command, changes) ? changes : null',
        to: 'return isTheCommand(command, changes) ? changes : changes',
      },
    ],
    caughtBy: JUDGE_FORGED,
  },
  {
    is: 'what no command may change is not held against what stood',
    file: 'shared/write-change.ts',
    edits: [{ from: 'return keepsRest(base, next, free) ?', to: 'return free.length > 0 ?' }],
    caughtBy: JUDGE_FORGED,
  },
  {
    is: 'what a command adds need not be its author’s own',
    file: 'shared/write-change.ts',
    edits: [
      {
        from: 'return added.every((fact) => isOwn(command, fact)) ? added : null',
        to: 'return added',
      },
    ],
    caughtBy: JUDGE_FORGED,
  },
  {
    is: 'what comes back held although it was just asked to be tried again waits',
    file: 'desktop/station/sync/push.ts',
    edits: [
      {
        from: 'if (includeHeld && !isAskedAnew) afterSeq = seq',
        to: 'if (includeHeld) afterSeq = seq',
      },
    ],
    caughtBy: {
      file: 'desktop/station/sync/push.test.ts',
      test: 'what an answer on its way holds is tried again, if that was asked for meanwhile',
    },
  },
]

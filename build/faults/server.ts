import type { Fault } from './fault.ts'

const PUSH = 'sync-server/sync/push.pg.test.ts'
const HELD = 'sync-server/sync/held.pg.test.ts'
const CLOCK = 'sync-server/sync/ticket-and-clock.pg.test.ts'
const TOKEN = 'sync-server/identity/token.pg.test.ts'

/** What may go wrong in the server, and in the rules it shares with the stations. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'the role is not asked for',
    file: 'shared/judge.ts',
    find: 'return can(roles, status, action, context.settings.narrowing)\n',
    replace: 'return roles.length >= 0\n',
    test: { project: 'pg', file: PUSH, name: 'by role, with what stands instead' },
  },
  {
    name: 'the status seen is not asked for',
    file: 'shared/judge.ts',
    find: "if (!from.includes(status)) return refuse('UNLAWFUL_STEP', { status, command: name })",
    replace: '',
    test: { project: 'pg', file: PUSH, name: 'by status' },
  },
  {
    name: 'steps are folded latest first',
    file: 'shared/visit-fold.ts',
    find: 'if (a.at !== b.at) return a.at < b.at ? -1 : 1',
    replace: 'if (a.at !== b.at) return a.at < b.at ? 1 : -1',
    test: { project: 'pg', file: PUSH, name: 'cancel and start one visit' },
  },
  {
    name: 'what the station acknowledged is not held against it',
    file: 'sync-server/sync/history-seen.ts',
    find: 'return Math.max(command.seen, known.enrolledSeq, isLate ? known.lastAck : last)',
    replace: 'return Math.max(command.seen, isLate ? 0 : Math.min(last, 0))',
    test: { project: 'pg', file: HELD, name: 'a station cannot claim not to have seen' },
  },
  {
    name: 'a feed number is skipped',
    file: 'sync-server/sync/working-set.ts',
    find: 'set.feed.head += 1',
    replace: 'set.feed.head += 2',
    test: { project: 'pg', file: PUSH, name: 'fill one feed without a gap' },
  },
  {
    name: 'row-level security is off on a table',
    file: 'sync-server/database/migrations/0004-seen.sql',
    find: 'DROP INDEX documents_patient_day;',
    replace:
      'ALTER TABLE station_sessions DISABLE ROW LEVEL SECURITY; DROP INDEX documents_patient_day;',
    test: {
      project: 'pg',
      file: 'sync-server/database/row-level-security.pg.test.ts',
      name: 'without any filter, every statement on every tenant table reaches its own clinic alone',
    },
  },
  {
    name: 'a replay is answered as new',
    file: 'sync-server/sync/judge-push.ts',
    find: "if (before !== undefined && before.verdict !== 'HELD') {",
    replace: "if (before !== undefined && before.verdict === 'HELD') {",
    test: {
      project: 'pg',
      file: PUSH,
      name: 'is answered as the first time however often it comes',
    },
  },
  {
    name: 'a clock that runs ahead is believed',
    file: 'sync-server/sync/push.ts',
    find: 'const isClamped = clamped.size > 0 || clamps.floor !== null',
    replace: 'const isClamped = clamped.size > 1e9',
    test: { project: 'pg', file: CLOCK, name: 'is clamped in order, and the station is told' },
  },
  {
    name: 'a signature is not looked at',
    file: 'sync-server/sync/arrival.ts',
    find: 'if (!isSigned)',
    replace: 'if (!isSigned && signature.length > 1e9)',
    test: { project: 'pg', file: PUSH, name: 'a bad signature is refused for itself' },
  },
  {
    name: 'an author need not have signed in at the station',
    file: 'sync-server/sync/judge-push.ts',
    find: 'if (!set.sessions.has(command.by) && options.admittedBy === null) {',
    replace: 'if (set.sessions.size > 1e9) {',
    test: { project: 'pg', file: HELD, name: 'work of one who has not signed in here is held' },
  },
  {
    name: 'a document may name another clinic',
    file: 'sync-server/sync/arrival.ts',
    find: "if (!isOurs) return invalid(['clinicId'])",
    replace: '',
    test: { project: 'pg', file: PUSH, name: 'another station, another clinic, another form' },
  },
  {
    name: 'an entry can be changed in SQL',
    file: 'sync-server/database/migrations/0002-sync.sql',
    find: "FOR EACH ROW WHEN (OLD.collection = 'entries') EXECUTE FUNCTION refuse_change();",
    replace: "FOR EACH ROW WHEN (OLD.collection = 'none') EXECUTE FUNCTION refuse_change();",
    test: { project: 'pg', file: PUSH, name: 'entries cannot be changed in SQL either' },
  },
  {
    name: 'a ticket found taken is left as it is',
    file: 'sync-server/sync/apply-writes.ts',
    find: 'if (letters.given === null) return visit',
    replace: 'if (letters.given !== -1) return visit',
    test: { project: 'pg', file: CLOCK, name: 'two stations and a storm of the same numbers' },
  },
  {
    name: 'the subscription is not asked for',
    file: 'shared/judge.ts',
    find: 'if (NEW_WORK.includes(command.name) && !context.mayBeginWork(at))',
    replace: 'if (NEW_WORK.includes(command.name) && at < 0)',
    test: {
      project: 'pg',
      file: HELD,
      name: 'lets in what was done before, finishes what is open',
    },
  },
  {
    name: 'what was done offline after a deactivation goes in',
    file: 'shared/judge.ts',
    find: 'if (since !== null && at >= since)',
    replace: 'if (since !== null && at < 0)',
    test: {
      project: 'pg',
      file: HELD,
      name: 'work from before is accepted, from after is quarantined',
    },
  },
  {
    name: 'an entry of the audit is not chained to the one before',
    file: 'sync-server/audit/append-audit.ts',
    find: 'const hash = hashEntry(feed.auditHash, entry)',
    replace: "const hash = hashEntry('', entry)",
    test: {
      project: 'pg',
      file: 'sync-server/audit/audit.pg.test.ts',
      name: 'each accepted command, and nothing else, is an entry of a whole chain',
    },
  },
  {
    name: 'a revoked station is let in until its token ends',
    file: 'sync-server/identity/require-station.ts',
    find: "if (station.revoked) throw new AppError('STATION_REVOKED')",
    replace: '',
    test: { project: 'pg', file: TOKEN, name: 'a revoked station is refused at once' },
  },
  {
    name: 'a proof counts twice',
    file: 'sync-server/identity/renew-access.ts',
    find: 'return rowCount === 0',
    replace: 'return rowCount < 0',
    test: { project: 'pg', file: TOKEN, name: 'a proof counts once' },
  },
  {
    name: 'a copied refresh token does not end its family',
    file: 'sync-server/identity/refresh-token.ts',
    find: 'await endFamily(tx, stationId, now)',
    replace: 'void endFamily',
    test: { project: 'pg', file: TOKEN, name: 'an old token that comes back ends the family' },
  },
  {
    name: 'a checkpoint of another epoch is served',
    file: 'sync-server/sync/pull.ts',
    find: 'checkpoint?.epoch === epoch && ',
    replace: '',
    test: {
      project: 'pg',
      file: 'sync-server/sync/pull.pg.test.ts',
      name: 'after a restore, all stations begin anew',
    },
  },
  {
    name: 'nobody is told of a push',
    file: 'sync-server/sync/feed.ts',
    find: 'notifyClinic(tx, revoked.length === 0 ? news : { ...news, revoked: [...revoked] }),',
    replace:
      'revoked.length === 0 ? undefined : notifyClinic(tx, { ...news, revoked: [...revoked] }),',
    test: {
      project: 'pg',
      file: 'sync-server/sync/stream.pg.test.ts',
      name: 'a push wakes the stations of its clinic at every instance',
    },
  },
  {
    name: 'a value that lost is not kept',
    file: 'shared/resolve.ts',
    find: 'if (concurrent && kept(field)) {',
    replace: 'if (concurrent && !kept(field)) {',
    test: {
      project: 'pg',
      file: PUSH,
      name: 'edit one phone: the later stands, the other is kept',
    },
  },
  {
    name: 'a token of another clinic is let in at an address',
    file: 'sync-server/clinics/clinic-address.ts',
    find: 'station === clinic?.clinicId',
    replace: 'clinic !== null',
    test: {
      project: 'pg',
      file: 'sync-server/clinics/clinic-address.pg.test.ts',
      name: 'with another clinic’s token answer alike',
    },
  },
  {
    name: 'an erasure leaves the texts in the documents',
    file: 'sync-server/audit/erase-patient.ts',
    find: '{ ...document, doc: withoutIdentity(document.doc, { at, by }) }',
    replace: 'document',
    test: {
      project: 'pg',
      file: 'sync-server/audit/erase-patient.pg.test.ts',
      name: 'a patient who must be forgotten is found nowhere',
    },
  },
]

-- The clinic's feed: its documents, the commands that made them, and the chain that says who did.

-- One row a clinic: whoever writes holds it, so that commit order is feed order, without gaps that
-- fill late (ARCHITECTURE 10). The head of the audit chain lives here too: it moves under the same lock.
CREATE TABLE feeds (
  clinic_id uuid PRIMARY KEY REFERENCES clinics (clinic_id),
  head bigint NOT NULL DEFAULT 0,
  -- A restore or a move gives another: checkpoints of the old one are then worth nothing.
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  audit_head bigint NOT NULL DEFAULT 0,
  audit_hash bytea NOT NULL DEFAULT '\x'
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('feeds');
GRANT SELECT, INSERT, UPDATE (head, audit_head, audit_hash) ON feeds TO dawr_app;

-- Every collection in one table: one counter, one pull. Generated columns are text and STORED: casts
-- to dates are not immutable, and PostgreSQL 18's VIRTUAL default cannot be indexed.
CREATE TABLE documents (
  clinic_id uuid NOT NULL,
  collection text NOT NULL CHECK (collection IN ('clinic', 'patients', 'visits', 'entries')),
  id text NOT NULL,
  seq bigint NOT NULL,
  doc jsonb NOT NULL,
  -- The server's own. Visits: {transition: [feed number, station]}, under which number each step was
  -- accepted and whose it is. Settings: which rules held from which number on.
  meta jsonb,
  deleted boolean NOT NULL DEFAULT false,
  queue_day text GENERATED ALWAYS AS (doc ->> 'queueDay') STORED,
  patient_id text GENERATED ALWAYS AS (doc ->> 'patientId') STORED,
  ticket text GENERATED ALWAYS AS
    ((doc -> 'ticket' ->> 'letter') || '-' || (doc -> 'ticket' ->> 'number')) STORED,
  payment_id text GENERATED ALWAYS AS (doc -> 'body' ->> 'paymentId') STORED,
  PRIMARY KEY (clinic_id, collection, id),
  UNIQUE (clinic_id, seq),
  -- A document of one clinic cannot lie in another's partition, whatever the code does.
  CHECK (doc ->> 'id' = id AND doc ->> 'clinicId' = clinic_id::text)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('documents');
GRANT SELECT, INSERT, UPDATE (seq, doc, meta, deleted) ON documents TO dawr_app;

-- I4: no two visits of one clinic and queue day share a ticket.
CREATE UNIQUE INDEX documents_ticket ON documents (clinic_id, queue_day, ticket)
  WHERE collection = 'visits';
CREATE INDEX documents_patient_day ON documents (clinic_id, patient_id, queue_day)
  WHERE collection = 'visits';
CREATE INDEX documents_refunds ON documents (clinic_id, payment_id)
  WHERE payment_id IS NOT NULL;

-- I5: what is written once stays as written, for the owner of the table too.
CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% % is written once', OLD.collection, OLD.id
    USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE ALL ON FUNCTION refuse_change() FROM PUBLIC;
CREATE TRIGGER entries_immutable BEFORE UPDATE OR DELETE ON documents
  FOR EACH ROW WHEN (OLD.collection = 'entries') EXECUTE FUNCTION refuse_change();

-- Each command that was judged, with what was answered: a replay is answered as the first time. json,
-- not jsonb: the answer is kept to the letter.
CREATE TABLE commands (
  clinic_id uuid NOT NULL,
  command_id uuid NOT NULL,
  station_id uuid NOT NULL,
  station_seq bigint NOT NULL,
  name text NOT NULL,
  author_id uuid NOT NULL,
  at text NOT NULL,
  -- The feed number it was judged by: what it said, or more if the station had acknowledged more.
  seen bigint NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('ACCEPTED', 'HELD', 'REJECTED')),
  code text,
  response json NOT NULL,
  -- `collection:id` of each document it writes.
  touches text[] NOT NULL,
  -- The command itself, while it is HELD: an ADMIN may decide on it while its station is away.
  payload text,
  -- The ADMIN who let it in although its author or clinic had been deactivated.
  admitted_by uuid,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, command_id),
  CHECK ((verdict = 'HELD') = (payload IS NOT NULL))
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('commands');
CREATE INDEX commands_held ON commands (clinic_id, station_id) WHERE verdict = 'HELD';
GRANT SELECT, INSERT, UPDATE (seen, verdict, code, response, payload, admitted_by)
  ON commands TO dawr_app;

-- What a station had pulled when it had made so many commands: it cannot claim later to have seen less.
CREATE TABLE station_acks (
  clinic_id uuid NOT NULL,
  station_id uuid NOT NULL,
  command_seq bigint NOT NULL,
  feed_seq bigint NOT NULL,
  PRIMARY KEY (clinic_id, station_id, command_seq)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('station_acks');
GRANT SELECT, INSERT, UPDATE (feed_seq), DELETE ON station_acks TO dawr_app;

-- Stamps of a station whose clock ran ahead, and what they were taken for.
CREATE TABLE station_clamps (
  clinic_id uuid NOT NULL,
  station_id uuid NOT NULL,
  original text NOT NULL,
  clamped text NOT NULL,
  PRIMARY KEY (clinic_id, station_id, original),
  UNIQUE (clinic_id, station_id, clamped)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('station_clamps');
GRANT SELECT, INSERT ON station_clamps TO dawr_app;

-- All that a clinic ever bought; each row holds until the next.
CREATE TABLE subscriptions (
  clinic_id uuid NOT NULL REFERENCES clinics (clinic_id),
  recorded_at timestamptz NOT NULL,
  plan text NOT NULL CHECK (plan IN ('STARTER', 'GROWTH', 'PRO')),
  kind text NOT NULL CHECK (kind IN ('TRIAL', 'PAID', 'CANCELED')),
  ends_at timestamptz NOT NULL,
  PRIMARY KEY (clinic_id, recorded_at)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('subscriptions');
GRANT SELECT, INSERT ON subscriptions TO dawr_app;

-- I7: the chain. `digests` are of the salted contents in audit_payloads, in the order of `touches`;
-- `hash` is over the entry before and this one.
CREATE TABLE audit_entries (
  clinic_id uuid NOT NULL,
  seq bigint NOT NULL,
  command_id uuid,
  station_id uuid,
  author_id uuid NOT NULL,
  name text NOT NULL,
  at text NOT NULL,
  admitted_by uuid,
  touches text[] NOT NULL,
  digests text[] NOT NULL,
  recorded_at timestamptz NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (clinic_id, seq)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('audit_entries');
CREATE INDEX audit_entries_author ON audit_entries (clinic_id, author_id, seq);
GRANT SELECT, INSERT ON audit_entries TO dawr_app;

-- Before and after, one row a document: a lawful erasure empties it and the chain stays whole.
CREATE TABLE audit_payloads (
  clinic_id uuid NOT NULL,
  collection text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL,
  salt text,
  content json,
  PRIMARY KEY (clinic_id, collection, id, seq)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('audit_payloads');
GRANT SELECT, INSERT, UPDATE (salt, content) ON audit_payloads TO dawr_app;

-- A station whose number was found taken gets a new letter.
GRANT UPDATE (letter) ON stations TO dawr_app;

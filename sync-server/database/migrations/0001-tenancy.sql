-- Tenancy: who signs in, which clinics there are, who works there, from which stations.
--
-- Run by the owner's role. The serving role, dawr_app, gets rights on parent tables only: a partition
-- read directly would bypass its parent's policy.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dawr_app') THEN
    RAISE EXCEPTION 'role dawr_app is missing'
      USING HINT = 'CREATE ROLE dawr_app LOGIN PASSWORD ... NOSUPERUSER NOBYPASSRLS';
  END IF;
  IF current_setting('server_encoding') <> 'UTF8' THEN
    RAISE EXCEPTION 'the database must be UTF8';
  END IF;
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO dawr_app;

-- Makes a tenant table of a table created with PARTITION BY HASH (clinic_id): 32 partitions that
-- nobody may touch directly, and one clinic visible at a time. After a commit the setting is '',
-- not absent, hence NULLIF: no clinic, no rows.
CREATE FUNCTION make_tenant_table(parent regclass) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  clinic_only CONSTANT text :=
    'clinic_id = NULLIF(current_setting(''app.clinic_id'', true), '''')::uuid';
  partition text;
BEGIN
  EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', parent);
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', parent);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', parent);
  EXECUTE format(
    'CREATE POLICY clinic_only ON %s USING (%s) WITH CHECK (%s)', parent, clinic_only, clinic_only);
  FOR remainder IN 0..31 LOOP
    partition := format('%s_%s', parent, lpad(remainder::text, 2, '0'));
    EXECUTE format(
      'CREATE TABLE %I PARTITION OF %s FOR VALUES WITH (MODULUS 32, REMAINDER %s)',
      partition, parent, remainder);
    -- Forced and without a policy of its own: read directly, a partition is empty even to its owner.
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', partition);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', partition);
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION make_tenant_table(regclass) FROM PUBLIC;

-- --- global: no clinic -------------------------------------------------------------------------

CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(btrim(email))),
  name text NOT NULL,
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT (id, email, name, password_hash) ON users TO dawr_app;

-- A slug is unique among all clinics, so it cannot live in a tenant table. The serving role has no
-- right on it: the list of all clinics is nobody's business.
CREATE TABLE clinic_addresses (
  slug text PRIMARY KEY CHECK (slug ~ '^[a-z0-9](-?[a-z0-9]){1,62}$'),
  clinic_id uuid NOT NULL UNIQUE
);

-- Attempts at signing in, by a digest of (e-mail, address) and of the address: never the e-mail itself.
CREATE TABLE sign_in_attempts (
  key bytea PRIMARY KEY,
  attempts int NOT NULL,
  window_ends timestamptz NOT NULL
);
CREATE INDEX ON sign_in_attempts (window_ends);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts TO dawr_app;

REVOKE ALL ON users, clinic_addresses, sign_in_attempts FROM PUBLIC;

-- --- the clinic and its people -------------------------------------------------------------------

-- name, slug and active are also in the feed's `settings` document, written in the same transaction;
-- here they serve the list of one person's clinics.
CREATE TABLE clinics (
  clinic_id uuid PRIMARY KEY,
  slug text NOT NULL,
  name text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  owner_id uuid NOT NULL REFERENCES users (id),
  -- How many station letters were given out; only grows, so a letter is never given twice.
  letters_given int NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('clinics');
GRANT SELECT, UPDATE (name, active, letters_given) ON clinics TO dawr_app;

CREATE TABLE clinic_staff (
  clinic_id uuid NOT NULL REFERENCES clinics (clinic_id),
  user_id uuid NOT NULL REFERENCES users (id),
  roles text[] NOT NULL CHECK (
    roles <@ ARRAY['ADMIN', 'DOCTOR', 'ASSISTANT', 'RECEPTION', 'ACCOUNTANT', 'INVENTORY']),
  active boolean NOT NULL,
  PRIMARY KEY (clinic_id, user_id)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('clinic_staff');
CREATE INDEX ON clinic_staff (user_id);
GRANT SELECT, INSERT, UPDATE (roles, active) ON clinic_staff TO dawr_app;

-- At sign-in a person's memberships are read in whatever clinic, and those clinics' names.
CREATE POLICY own_memberships ON clinic_staff FOR SELECT
  USING (user_id = NULLIF(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY own_clinics ON clinics FOR SELECT
  USING (EXISTS (
    SELECT FROM clinic_staff s
    WHERE s.clinic_id = clinics.clinic_id AND s.active
      AND s.user_id = NULLIF(current_setting('app.user_id', true), '')::uuid));

-- What held from which feed number on: a write is judged by the history its station had seen.
CREATE TABLE membership_history (
  clinic_id uuid NOT NULL,
  user_id uuid NOT NULL,
  seq bigint NOT NULL,
  roles text[] NOT NULL,
  active boolean NOT NULL,
  at timestamptz NOT NULL,
  changed_by uuid NOT NULL,
  PRIMARY KEY (clinic_id, user_id, seq),
  FOREIGN KEY (clinic_id, user_id) REFERENCES clinic_staff (clinic_id, user_id)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('membership_history');
GRANT SELECT, INSERT ON membership_history TO dawr_app;

-- --- stations --------------------------------------------------------------------------------------

CREATE TABLE stations (
  clinic_id uuid NOT NULL REFERENCES clinics (clinic_id),
  station_id uuid NOT NULL,
  letter text NOT NULL,
  name text NOT NULL,
  -- The `x` of its Ed25519 public key (RFC 8037), base64url.
  public_key text NOT NULL,
  enrolled_by uuid NOT NULL REFERENCES users (id),
  enrolled_at timestamptz NOT NULL DEFAULT now(),
  last_contact timestamptz,
  revoked_at timestamptz,
  revoked_by uuid REFERENCES users (id),
  -- An old refresh token came back: the key has left the station, or its disk was copied.
  refresh_revoked_at timestamptz,
  PRIMARY KEY (clinic_id, station_id),
  UNIQUE (clinic_id, letter)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('stations');
GRANT SELECT, INSERT,
  UPDATE (last_contact, revoked_at, revoked_by, refresh_revoked_at)
  ON stations TO dawr_app;

-- Who signed in at which station with the server watching; their commands may come from it.
CREATE TABLE station_sessions (
  clinic_id uuid NOT NULL,
  station_id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES users (id),
  started_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clinic_id, station_id, user_id),
  FOREIGN KEY (clinic_id, station_id) REFERENCES stations (clinic_id, station_id)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('station_sessions');
GRANT SELECT, INSERT, UPDATE (last_at) ON station_sessions TO dawr_app;

-- A station's enrolment is one family of refresh tokens. Several of one generation exist when
-- answers were lost on the line: each was sent, only one arrived.
CREATE TABLE refresh_tokens (
  clinic_id uuid NOT NULL,
  station_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  generation bigint NOT NULL,
  issued_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (clinic_id, station_id, token_hash),
  FOREIGN KEY (clinic_id, station_id) REFERENCES stations (clinic_id, station_id)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('refresh_tokens');
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON refresh_tokens TO dawr_app;

-- Proofs of possession already seen (RFC 9449, section 11.1).
CREATE TABLE dpop_jtis (
  clinic_id uuid NOT NULL,
  station_id uuid NOT NULL,
  jti text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (clinic_id, station_id, jti)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('dpop_jtis');
GRANT SELECT, INSERT, DELETE ON dpop_jtis TO dawr_app;

-- As before, but of no clinic, which is the nil UUID, they go through to the end: a connection that is new
-- rehearses what a push asks, and what these plan when they are first asked took that push a tenth of a second.

CREATE OR REPLACE FUNCTION push_state(
  clinic uuid, station uuid, bringer uuid, command_ids uuid[], stamps text[], authors uuid[],
  from_seq bigint, to_seq bigint)
RETURNS TABLE (feed json, admitted json, history json, answered json, held json)
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
  LOOP
    SELECT json_build_object('head', f.head, 'auditHead', f.audit_head,
      'auditHash', encode(f.audit_hash, 'hex'), 'epoch', f.epoch, 'shares', f.shares,
      'begunSeq', f.begun_seq, 'begunAt', floor(extract(epoch FROM f.begun_at) * 1000)::bigint)
    INTO feed FROM feeds f WHERE f.clinic_id = clinic FOR UPDATE;
    EXIT WHEN FOUND OR clinic = '00000000-0000-0000-0000-000000000000';
    INSERT INTO feeds (clinic_id) VALUES (clinic) ON CONFLICT DO NOTHING;
  END LOOP;
  SELECT json_build_object('publicKey', s.public_key, 'revoked', s.revoked, 'ended', s.ended)
  INTO admitted FROM station_state(clinic, bringer) s;
  history := station_history(clinic, station, stamps, authors, from_seq, to_seq);
  SELECT coalesce(json_agg(json_build_object('commandId', c.command_id, 'stationId', c.station_id,
    'verdict', c.verdict, 'code', c.code, 'answer', c.response::text, 'seen', c.seen,
    'payload', c.payload, 'admittedBy', c.admitted_by)), '[]')
  INTO answered
  FROM unnest(command_ids) AS want (id) CROSS JOIN LATERAL (
    SELECT command_id, station_id, verdict, code, response, seen, payload, admitted_by
    FROM commands WHERE clinic_id = clinic AND command_id = want.id OFFSET 0) c;
  SELECT coalesce(json_agg(json_build_object(
    'commandId', c.command_id, 'stationSeq', c.station_seq, 'touches', c.touches)), '[]')
  INTO held FROM commands c
  WHERE c.clinic_id = clinic AND c.station_id = station AND c.verdict = 'HELD';
  RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION station_history(
  clinic uuid, station uuid, stamps text[], authors uuid[], from_seq bigint, to_seq bigint)
RETURNS json
LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
  own_letter text;
  enrolled bigint;
  replaced uuid;
  former json := '[]';
  last_command bigint;
  last_ack bigint;
  clamp_floor text;
  clamps json := '[]';
  sessions json;
  memberships json;
  from_ack bigint;
  acks json;
  subscriptions json;
BEGIN
  SELECT s.letter, s.enrolled_seq, s.former_id INTO own_letter, enrolled, replaced
  FROM stations s WHERE s.clinic_id = clinic AND s.station_id = station;
  IF NOT FOUND AND clinic <> '00000000-0000-0000-0000-000000000000' THEN
    RETURN NULL;
  END IF;
  IF replaced IS NOT NULL THEN
    WITH RECURSIVE line (former_id) AS (
      SELECT replaced
      UNION
      SELECT f.former_id FROM line
      JOIN stations f ON f.clinic_id = clinic AND f.station_id = line.former_id)
    SELECT json_agg(l.former_id) FILTER (WHERE l.former_id IS NOT NULL) INTO former FROM line l;
  END IF;
  SELECT max(c.station_seq) INTO last_command FROM commands c
  WHERE c.clinic_id = clinic AND c.station_id = station;
  SELECT a.feed_seq INTO last_ack FROM station_acks a
  WHERE a.clinic_id = clinic AND a.station_id = station ORDER BY a.command_seq DESC LIMIT 1;
  SELECT c.clamped INTO clamp_floor FROM station_clamps c
  WHERE c.clinic_id = clinic AND c.station_id = station ORDER BY c.clamped DESC LIMIT 1;
  IF clamp_floor IS NOT NULL THEN
    SELECT coalesce(json_agg(json_build_array(c.original, c.clamped)), '[]') INTO clamps
    FROM station_clamps c
    WHERE c.clinic_id = clinic AND c.station_id = station AND c.original = ANY (stamps);
  END IF;
  SELECT coalesce(json_agg(json_build_array(s.user_id, s.first_seq)), '[]') INTO sessions
  FROM station_sessions s WHERE s.clinic_id = clinic AND s.station_id = station;
  SELECT coalesce(json_agg(json_build_object(
    'userId', m.user_id, 'seq', m.seq, 'roles', m.roles, 'active', m.active,
    'at', floor(extract(epoch FROM m.at) * 1000)) ORDER BY m.seq), '[]') INTO memberships
  FROM membership_history m WHERE m.clinic_id = clinic AND m.user_id = ANY (authors);
  SELECT max(a.command_seq) INTO from_ack FROM station_acks a
  WHERE a.clinic_id = clinic AND a.station_id = station AND a.command_seq < from_seq;
  SELECT coalesce(json_agg(json_build_object(
    'commandSeq', a.command_seq, 'feedSeq', a.feed_seq) ORDER BY a.command_seq), '[]') INTO acks
  FROM station_acks a
  WHERE a.clinic_id = clinic AND a.station_id = station
    AND a.command_seq < to_seq AND a.command_seq >= coalesce(from_ack, 0);
  SELECT coalesce(json_agg(json_build_object(
    'subscription', json_build_object('plan', b.plan, 'kind', b.kind, 'endsAt',
      to_char(b.ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
    'since', floor(extract(epoch FROM b.recorded_at) * 1000)) ORDER BY b.recorded_at), '[]')
  INTO subscriptions FROM subscriptions b WHERE b.clinic_id = clinic;
  RETURN json_build_object(
    'letter', own_letter, 'enrolledSeq', enrolled, 'former', former,
    'lastCommand', coalesce(last_command, 0), 'lastAck', coalesce(last_ack, 0),
    'clampFloor', clamp_floor, 'clamps', clamps, 'sessions', sessions,
    'memberships', memberships, 'acks', acks, 'subscriptions', subscriptions);
END
$$;

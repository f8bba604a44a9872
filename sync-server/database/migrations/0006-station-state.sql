-- What every request begins with, and what every push is judged by, in functions that keep their plans:
-- planning a query under row-level security over 32 partitions costs more than running it. Kept plans
-- are only for what has one index to go by, or few rows whichever it goes by: a plan made while a
-- partition was empty knows no better, and a new clinic would be read whole by it. The rows are those
-- of the transaction's clinic; `clinic` says which once more, as every filter here does.

-- A station by its row, for its credential. The contact is noted every ten seconds at most.
CREATE FUNCTION station_state(clinic uuid, station uuid)
RETURNS TABLE (public_key text, revoked boolean, ended boolean)
LANGUAGE plpgsql
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  noted timestamptz;
BEGIN
  SELECT s.public_key, s.revoked_at IS NOT NULL, s.refresh_revoked_at IS NOT NULL, s.last_contact
  INTO public_key, revoked, ended, noted
  FROM stations s WHERE s.clinic_id = clinic AND s.station_id = station;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF NOT revoked AND (noted IS NULL OR noted < now() - interval '10 seconds') THEN
    -- Never waiting for the row: a push holds the clinic's feed here, and a revocation the row.
    PERFORM FROM stations s WHERE s.clinic_id = clinic AND s.station_id = station
    FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
      UPDATE stations s SET last_contact = now()
      WHERE s.clinic_id = clinic AND s.station_id = station;
    END IF;
  END IF;
  RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION station_state(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION station_state(uuid, uuid) TO dawr_app;

-- What a station's commands are judged by, but for documents and earlier answers; null: no such
-- station. `stamps`: for those that were clamped before. `authors`: whose membership to read.
CREATE FUNCTION station_history(
  clinic uuid, station uuid, stamps text[], authors uuid[], from_seq bigint, to_seq bigint)
RETURNS json
LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
  RETURN (
    SELECT json_build_object(
      'letter', s.letter,
      'enrolledSeq', s.enrolled_seq,
      'lastCommand', coalesce((
        SELECT max(station_seq) FROM commands
        WHERE clinic_id = clinic AND station_id = station), 0),
      'lastAck', coalesce((
        SELECT feed_seq FROM station_acks WHERE clinic_id = clinic AND station_id = station
        ORDER BY command_seq DESC LIMIT 1), 0),
      'clampFloor', (
        SELECT clamped FROM station_clamps WHERE clinic_id = clinic AND station_id = station
        ORDER BY clamped DESC LIMIT 1),
      'clamps', (
        SELECT coalesce(json_agg(json_build_array(original, clamped)), '[]') FROM station_clamps
        WHERE clinic_id = clinic AND station_id = station AND original = ANY (stamps)),
      'sessions', (
        SELECT coalesce(json_agg(json_build_array(user_id, first_seq)), '[]')
        FROM station_sessions WHERE clinic_id = clinic AND station_id = station),
      'memberships', (
        SELECT coalesce(json_agg(json_build_object(
          'userId', user_id, 'seq', seq, 'roles', roles, 'active', active,
          'at', floor(extract(epoch FROM at) * 1000)) ORDER BY seq), '[]')
        FROM membership_history WHERE clinic_id = clinic AND user_id = ANY (authors)),
      'acks', (
        SELECT coalesce(json_agg(json_build_object(
          'commandSeq', command_seq, 'feedSeq', feed_seq) ORDER BY command_seq), '[]')
        FROM station_acks
        WHERE clinic_id = clinic AND station_id = station AND command_seq < to_seq
          AND command_seq >= coalesce((
            SELECT max(command_seq) FROM station_acks
            WHERE clinic_id = clinic AND station_id = station
              AND command_seq < from_seq), 0)),
      'subscriptions', (
        SELECT coalesce(json_agg(json_build_object(
          'subscription', json_build_object('plan', plan, 'kind', kind, 'endsAt',
            to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
          'since', floor(extract(epoch FROM recorded_at) * 1000)) ORDER BY recorded_at), '[]')
        FROM subscriptions WHERE clinic_id = clinic)
    )
    FROM stations s WHERE s.clinic_id = clinic AND s.station_id = station);
END
$$;
REVOKE ALL ON FUNCTION station_history(uuid, uuid, text[], uuid[], bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION station_history(uuid, uuid, text[], uuid[], bigint, bigint) TO dawr_app;

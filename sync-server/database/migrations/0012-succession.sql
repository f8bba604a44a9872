-- A station that goes on in another's place, by an ADMIN's word and with that one's key: it has its file,
-- and brings what that one had not sent. The other is revoked by then, and stays so.
ALTER TABLE stations
  ADD COLUMN former_id uuid,
  ADD FOREIGN KEY (clinic_id, former_id) REFERENCES stations (clinic_id, station_id);

-- As before, and in whose place the station goes on: what they did it knows as its own.
CREATE OR REPLACE FUNCTION station_history(
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
      'former', (
        WITH RECURSIVE line AS (
          SELECT s.former_id
          UNION
          SELECT f.former_id FROM line
          JOIN stations f ON f.clinic_id = clinic AND f.station_id = line.former_id)
        SELECT coalesce(json_agg(former_id) FILTER (WHERE former_id IS NOT NULL), '[]') FROM line),
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

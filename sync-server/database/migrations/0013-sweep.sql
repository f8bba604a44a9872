-- What has run out, of all clinics, for a job. Nobody who serves may list the clinics, so it is done here:
-- the owner is held by the policy too, and goes from one to the next. `part` of 32, that no transaction is
-- long. It must not be called inside a clinic's transaction: behind it that would be in none.
CREATE FUNCTION sweep_expired(part int, at timestamptz, remembered_from timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  clinic uuid;
  swept bigint := 0;
  gone bigint;
BEGIN
  FOR clinic IN SELECT a.clinic_id FROM clinic_addresses a
    WHERE hashtextextended(a.clinic_id::text, 0) & 31 = part
  LOOP
    PERFORM set_config('app.clinic_id', clinic::text, true);

    DELETE FROM dpop_jtis WHERE clinic_id = clinic AND expires_at < at;
    GET DIAGNOSTICS gone = ROW_COUNT;
    swept := swept + gone;

    -- The newest and the one before it may still be used; older ones only tell a copy from nonsense.
    DELETE FROM refresh_tokens t WHERE t.clinic_id = clinic AND t.issued_at < remembered_from
      AND t.generation < (
        SELECT max(n.generation) FROM refresh_tokens n
        WHERE n.clinic_id = clinic AND n.station_id = t.station_id) - 1;
    GET DIAGNOSTICS gone = ROW_COUNT;
    swept := swept + gone;

    -- Commands come in order: what is still to come is above the last one known here, and needs the last
    -- acknowledgement below it. What a station itself says of its last command is not to be trusted.
    DELETE FROM station_acks a USING (
      SELECT s.station_id, (
        SELECT max(b.command_seq) FROM station_acks b
        WHERE b.clinic_id = clinic AND b.station_id = s.station_id AND b.command_seq <= (
          SELECT max(c.station_seq) FROM commands c
          WHERE c.clinic_id = clinic AND c.station_id = s.station_id)) AS needed
      FROM stations s WHERE s.clinic_id = clinic) k
    WHERE a.clinic_id = clinic AND a.station_id = k.station_id AND a.command_seq < k.needed;
    GET DIAGNOSTICS gone = ROW_COUNT;
    swept := swept + gone;
  END LOOP;
  PERFORM set_config('app.clinic_id', '', true);
  RETURN swept;
END
$$;
REVOKE ALL ON FUNCTION sweep_expired(int, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sweep_expired(int, timestamptz, timestamptz) TO dawr_app;

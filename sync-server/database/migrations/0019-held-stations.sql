-- At which stations of which clinics commands wait that nobody has to decide on, of all clinics, for a job.
-- `part` of 32, as for sweep_expired(); nor may it be called inside a clinic's transaction.
CREATE FUNCTION held_stations(part int) RETURNS TABLE (clinic_id uuid, station_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  clinic uuid;
BEGIN
  FOR clinic IN SELECT a.clinic_id FROM clinic_addresses a
    WHERE hashtextextended(a.clinic_id::text, 0) & 31 = part
  LOOP
    PERFORM set_config('app.clinic_id', clinic::text, true);
    RETURN QUERY SELECT DISTINCT c.clinic_id, c.station_id FROM commands c
      WHERE c.clinic_id = clinic AND c.verdict = 'HELD' AND c.code NOT IN ('QUARANTINED', 'INTERNAL');
  END LOOP;
  PERFORM set_config('app.clinic_id', '', true);
END
$$;
REVOKE ALL ON FUNCTION held_stations(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION held_stations(int) TO dawr_app;

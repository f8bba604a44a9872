-- After a restore every clinic's epoch is another: what a station has of the time that is gone must
-- not pass for what the server has. All at once, and for who owns the tables alone: the owner is held
-- by the policy too, so each clinic in its turn, found by its address.
CREATE FUNCTION begin_epochs(chosen uuid[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  clinic uuid;
  begun bigint := 0;
BEGIN
  FOR clinic IN SELECT a.clinic_id FROM clinic_addresses a
    WHERE chosen IS NULL OR a.clinic_id = ANY (chosen) ORDER BY a.clinic_id
  LOOP
    PERFORM set_config('app.clinic_id', clinic::text, true);
    UPDATE feeds SET epoch = gen_random_uuid() WHERE clinic_id = clinic;
    IF FOUND THEN begun := begun + 1; END IF;
  END LOOP;
  PERFORM set_config('app.clinic_id', '', true);
  RETURN begun;
END
$$;
REVOKE ALL ON FUNCTION begin_epochs(uuid[]) FROM PUBLIC;

-- Where a clinic's feed began anew, and when. What stood above `begun_seq` in the epoch before may be lost
-- here and still be at a station, which sends it again; null: never restored and never moved.
ALTER TABLE feeds ADD COLUMN begun_seq bigint, ADD COLUMN begun_at timestamptz,
  ADD CHECK ((begun_seq IS NULL) = (begun_at IS NULL));

-- As before, and it says when.
DROP FUNCTION begin_epochs(uuid[]);
CREATE FUNCTION begin_epochs(chosen uuid[], at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  clinic uuid;
  begun bigint := 0;
BEGIN
  FOR clinic IN SELECT a.clinic_id FROM clinic_addresses a
    WHERE chosen IS NULL OR a.clinic_id = ANY (chosen) ORDER BY a.clinic_id
  LOOP
    PERFORM set_config('app.clinic_id', clinic::text, true);
    UPDATE feeds SET epoch = gen_random_uuid(), begun_seq = head, begun_at = at
    WHERE clinic_id = clinic;
    IF FOUND THEN begun := begun + 1; END IF;
  END LOOP;
  PERFORM set_config('app.clinic_id', '', true);
  RETURN begun;
END
$$;
REVOKE ALL ON FUNCTION begin_epochs(uuid[], timestamptz) FROM PUBLIC;

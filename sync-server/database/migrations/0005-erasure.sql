-- An erasure leaves a trace: the contents go only together with an entry of the chain that says of
-- which record, and who had it done.

REVOKE UPDATE (salt, content) ON audit_payloads FROM dawr_app;

-- Empties what the audit keeps of one record and chains `entry`, whose hash the caller has computed:
-- a wrong one breaks the chain for all to see. The clinic is the one that the transaction is in; its
-- feed must be locked, and its new head written in the same transaction.
CREATE FUNCTION erase_from_audit(entry json) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  clinic CONSTANT uuid := NULLIF(current_setting('app.clinic_id', true), '')::uuid;
  chained CONSTANT bigint := (entry ->> 'seq')::bigint;
  touch CONSTANT text := entry -> 'touches' ->> 0;
  erased bigint;
BEGIN
  INSERT INTO audit_entries (clinic_id, seq, command_id, station_id, author_id, name, at,
    admitted_by, touches, digests, recorded_at, hash)
  SELECT clinic, f.audit_head + 1, NULL, NULL, (entry ->> 'authorId')::uuid, 'eraseRecord',
    entry ->> 'at', NULL, ARRAY[touch], '{}', (entry ->> 'recordedAt')::timestamptz,
    decode(entry ->> 'hash', 'hex')
  FROM feeds f WHERE f.clinic_id = clinic AND f.audit_head + 1 = chained;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'entry % is not the next of its chain', chained
      USING ERRCODE = 'check_violation';
  END IF;
  UPDATE audit_payloads SET salt = NULL, content = NULL
  WHERE clinic_id = clinic AND collection = split_part(touch, ':', 1)
    AND id = substr(touch, strpos(touch, ':') + 1) AND salt IS NOT NULL;
  GET DIAGNOSTICS erased = ROW_COUNT;
  RETURN erased;
END
$$;
REVOKE ALL ON FUNCTION erase_from_audit(json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_from_audit(json) TO dawr_app;

-- What is written once may be forgotten, where the law asks for it, and in no other way: its texts give
-- way to a mark; ids, amounts, authors and stamps stay as they are.

-- What an erasure leaves of a document that is written once. The only change that there is.
CREATE FUNCTION without_texts(collection text, doc jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
  SELECT CASE collection
    WHEN 'entries' THEN jsonb_set(doc, '{body}', (
      SELECT jsonb_object_agg(key, CASE
        WHEN key IN ('reason', 'text', 'note') AND value <> 'null' THEN to_jsonb('——'::text)
        ELSE value END)
      FROM jsonb_each(doc -> 'body')))
    WHEN 'invoices' THEN jsonb_set(doc, '{lines}', (
      SELECT jsonb_agg(jsonb_set(line, '{text}', to_jsonb('——'::text)) ORDER BY nth)
      FROM jsonb_array_elements(doc -> 'lines') WITH ORDINALITY AS l (line, nth)))
    WHEN 'prescriptions' THEN doc || jsonb_build_object('note', NULL, 'lines', (
      SELECT jsonb_agg((
        SELECT jsonb_object_agg(key, CASE
          WHEN key = 'drug' THEN to_jsonb('——'::text) ELSE 'null' END)
        FROM jsonb_each(line)) ORDER BY nth)
      FROM jsonb_array_elements(doc -> 'lines') WITH ORDINALITY AS l (line, nth)))
  END
$$;
REVOKE ALL ON FUNCTION without_texts(text, jsonb) FROM PUBLIC;

-- I5 as before, for whoever writes, but for what erase_written_once does: it runs as the owner, names the
-- document that the transaction has just chained an erasure of, and leaves what `without_texts` leaves.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE'
    AND current_setting('app.erased', true) = OLD.collection || ':' || OLD.id
    AND current_user = (SELECT c.relowner::regrole::text FROM pg_class c WHERE c.oid = TG_RELID)
  THEN
    IF NEW.doc = without_texts(OLD.collection, OLD.doc)
      AND ROW (NEW.clinic_id, NEW.collection, NEW.id, NEW.meta, NEW.deleted)
        IS NOT DISTINCT FROM ROW (OLD.clinic_id, OLD.collection, OLD.id, OLD.meta, OLD.deleted)
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% % is written once', OLD.collection, OLD.id
    USING ERRCODE = 'restrict_violation';
END
$$;

-- Takes the texts out of one document that is written once, and gives it the feed's next number, so that
-- every station forgets them too. Only of the record of which the chain's last entry says that it was
-- erased (erase_from_audit, in the same transaction, with the feed locked): there is no erasure that the
-- chain does not tell of.
CREATE FUNCTION erase_written_once(touch text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  clinic CONSTANT uuid := NULLIF(current_setting('app.clinic_id', true), '')::uuid;
  erased json;
BEGIN
  IF NOT EXISTS (
    SELECT FROM feeds f JOIN audit_entries e ON e.clinic_id = f.clinic_id AND e.seq = f.audit_head
    WHERE f.clinic_id = clinic AND e.name = 'eraseRecord' AND e.touches = ARRAY[touch]
      AND e.xmin = pg_current_xact_id()::xid)
  THEN
    RAISE EXCEPTION 'the chain tells of no erasure of %', touch USING ERRCODE = 'check_violation';
  END IF;
  PERFORM set_config('app.erased', touch, true);
  WITH next AS (UPDATE feeds SET head = head + 1 WHERE clinic_id = clinic RETURNING head)
  UPDATE documents d SET seq = next.head, doc = without_texts(d.collection, d.doc) FROM next
  WHERE d.clinic_id = clinic AND d.collection = split_part(touch, ':', 1)
    AND d.id = substr(touch, strpos(touch, ':') + 1)
    AND (d.collection IN ('entries', 'invoices')
      OR (d.collection = 'prescriptions' AND d.doc ->> 'status' = 'FINAL'))
  RETURNING d.doc::json INTO erased;
  PERFORM set_config('app.erased', '', true);
  IF erased IS NULL THEN
    RAISE EXCEPTION '% is not written once', touch USING ERRCODE = 'check_violation';
  END IF;
  RETURN erased;
END
$$;
REVOKE ALL ON FUNCTION erase_written_once(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_written_once(text) TO dawr_app;

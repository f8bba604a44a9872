-- Every collection of a clinic's partition.
ALTER TABLE documents DROP CONSTRAINT documents_collection_check;
ALTER TABLE documents ADD CONSTRAINT documents_collection_check CHECK (collection IN (
  'clinic', 'patients', 'visits', 'entries', 'appointments', 'encounters', 'prescriptions',
  'invoices', 'labResults', 'inventory', 'sharedHistory'));

-- All that was appended to a visit, whatever its kind: payments, refunds, waivers, addenda; and its
-- invoices.
ALTER TABLE documents ADD COLUMN visit_id text GENERATED ALWAYS AS (doc ->> 'visitId') STORED;
CREATE INDEX documents_of_visit ON documents (clinic_id, visit_id)
  WHERE collection IN ('entries', 'invoices');
DROP INDEX documents_refunds;
ALTER TABLE documents DROP COLUMN payment_id;

-- No two invoices of a clinic share a number.
CREATE UNIQUE INDEX documents_invoice_number ON documents
  (clinic_id, (doc -> 'number' ->> 'letter'), (doc -> 'number' ->> 'number'))
  WHERE collection = 'invoices';

-- I5: what is final stays as it is, for the owner of the table too, by whatever way it is written.
DROP TRIGGER entries_immutable ON documents;
CREATE TRIGGER documents_immutable BEFORE UPDATE OR DELETE ON documents
  FOR EACH ROW WHEN (
    OLD.collection IN ('entries', 'invoices')
    OR (OLD.collection = 'prescriptions' AND OLD.doc ->> 'status' = 'FINAL'))
  EXECUTE FUNCTION refuse_change();

-- Rows of a truncated table fire no trigger of theirs. A partition can be truncated by itself, and a
-- parent's statement triggers are not its partitions'.
CREATE FUNCTION refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% holds what is written once', TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE ALL ON FUNCTION refuse_truncate() FROM PUBLIC;
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT relid FROM pg_partition_tree('documents') LOOP
    EXECUTE format(
      'CREATE TRIGGER documents_not_truncated BEFORE TRUNCATE ON %s
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()', part);
  END LOOP;
END
$$;

-- Patients of version 1 had neither allergies nor conditions. Of all clinics at once: forced row-level
-- security would hide them from the owner too.
ALTER TABLE documents NO FORCE ROW LEVEL SECURITY;
UPDATE documents SET doc = doc || '{"allergies": [], "conditions": []}'
WHERE collection = 'patients' AND NOT doc ? 'allergies';
ALTER TABLE documents FORCE ROW LEVEL SECURITY;

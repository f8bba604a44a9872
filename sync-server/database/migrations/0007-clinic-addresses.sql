-- A clinic is found by its address without anybody being able to read the list of them.

-- Beside the slug, so that an address that is not there and one of a closed clinic are one lookup.
ALTER TABLE clinic_addresses ADD COLUMN active boolean NOT NULL DEFAULT true;
-- Of all clinics at once: forced row-level security would hide them from the owner too.
ALTER TABLE clinics NO FORCE ROW LEVEL SECURITY;
UPDATE clinic_addresses a SET active = c.active FROM clinics c WHERE c.clinic_id = a.clinic_id;
ALTER TABLE clinics FORCE ROW LEVEL SECURITY;

-- The owner of the tables is held by the policy too; the trigger runs inside the clinic's own
-- transaction, which is the only one that can change its row.
CREATE FUNCTION keep_address() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE clinic_addresses SET active = NEW.active WHERE clinic_id = NEW.clinic_id;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION keep_address() FROM PUBLIC;
CREATE TRIGGER keep_address AFTER INSERT OR UPDATE OF active ON clinics
  FOR EACH ROW EXECUTE FUNCTION keep_address();

-- One address, whole: no pattern, no list.
CREATE FUNCTION clinic_at(address text) RETURNS TABLE (clinic_id uuid, active boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.clinic_id, a.active FROM clinic_addresses a WHERE a.slug = address
$$;
REVOKE ALL ON FUNCTION clinic_at(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION clinic_at(text) TO dawr_app;

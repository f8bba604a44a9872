-- What a new desk needs to begin its day, before the history behind it.

-- All there is of one patient.
CREATE INDEX documents_of_patient ON documents (clinic_id, patient_id) WHERE patient_id IS NOT NULL;

-- Who is expected on a day.
CREATE INDEX documents_booked ON documents (clinic_id, (doc ->> 'day'))
  WHERE collection = 'appointments';

-- A document of the feed as it is sent. Its text as it is printed here: not parsed and printed again on
-- its way. No settings of its own: it is taken into the statement that calls it.
CREATE FUNCTION feed_text(collection text, id text, seq bigint, deleted boolean, doc jsonb)
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT '{"collection":"' || collection || '","id":' || to_json(id) || ',"seq":' || seq ||
    ',"doc":' || CASE WHEN deleted THEN 'null' ELSE doc::text END || '}'
$$;

CREATE OR REPLACE FUNCTION feed_page(clinic uuid, after bigint, size int)
RETURNS TABLE (count bigint, last bigint, documents text)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
SET enable_bitmapscan = off
SET enable_sort = off
SET plan_cache_mode = force_custom_plan
AS $$
  SELECT count(*), max(d.seq), string_agg(
    feed_text(d.collection, d.id, d.seq, d.deleted, d.doc), ',' ORDER BY d.seq)
  FROM (
    SELECT collection, id, seq, deleted, doc FROM documents
    WHERE clinic_id = clinic AND seq > after ORDER BY seq LIMIT size) d
$$;

-- The clinic's own documents, then those of the day, then the rest of the records of whoever is in the
-- line or expected on it, the latest first. At most so many; for its settings see feed_page.
CREATE FUNCTION feed_of_day(clinic uuid, day text, size int)
RETURNS TABLE (count bigint, last bigint, documents text)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan
AS $$
  WITH here AS MATERIALIZED (
    SELECT patient_id FROM documents
    WHERE clinic_id = clinic AND collection = 'visits' AND queue_day = day AND NOT deleted
    UNION
    SELECT patient_id FROM documents
    WHERE clinic_id = clinic AND collection = 'appointments' AND doc ->> 'day' = day AND NOT deleted)
  SELECT count(*), max(d.seq), string_agg(
    feed_text(d.collection, d.id, d.seq, false, d.doc), ',' ORDER BY d.seq)
  FROM (
    SELECT 0 AS rank, collection, id, seq, doc FROM documents
    WHERE clinic_id = clinic AND collection = 'clinic' AND NOT deleted
    UNION ALL
    SELECT 1, p.collection, p.id, p.seq, p.doc FROM here CROSS JOIN LATERAL (
      SELECT collection, id, seq, doc FROM documents
      WHERE clinic_id = clinic AND collection = 'patients' AND id = here.patient_id AND NOT deleted) p
    UNION ALL
    SELECT CASE WHEN r.queue_day = day THEN 1 ELSE 2 END, r.collection, r.id, r.seq, r.doc
    FROM here CROSS JOIN LATERAL (
      SELECT collection, id, seq, doc, queue_day FROM documents
      WHERE clinic_id = clinic AND patient_id = here.patient_id AND NOT deleted) r
    ORDER BY 1, seq DESC LIMIT size) d
$$;

-- A page of what a desk that began with a day has not got yet, the latest first.
CREATE FUNCTION feed_before(clinic uuid, before bigint, size int)
RETURNS TABLE (count bigint, last bigint, documents text)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
SET enable_bitmapscan = off
SET enable_sort = off
SET plan_cache_mode = force_custom_plan
AS $$
  SELECT count(*), min(d.seq), string_agg(
    feed_text(d.collection, d.id, d.seq, false, d.doc), ',' ORDER BY d.seq DESC)
  FROM (
    SELECT collection, id, seq, doc FROM documents
    WHERE clinic_id = clinic AND seq < before AND NOT deleted ORDER BY seq DESC LIMIT size) d
$$;

REVOKE ALL ON FUNCTION feed_text(text, text, bigint, boolean, jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION feed_of_day(uuid, text, int) FROM PUBLIC;
REVOKE ALL ON FUNCTION feed_before(uuid, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_text(text, text, bigint, boolean, jsonb) TO dawr_app;
GRANT EXECUTE ON FUNCTION feed_of_day(uuid, text, int) TO dawr_app;
GRANT EXECUTE ON FUNCTION feed_before(uuid, bigint, int) TO dawr_app;

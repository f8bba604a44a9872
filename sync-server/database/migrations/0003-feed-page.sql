-- A page of a clinic's feed. A function for its settings: on a clinic without statistics yet the
-- planner would fetch and sort all that is behind the checkpoint to answer with one page of it.
CREATE FUNCTION feed_page(clinic uuid, after bigint, size int)
RETURNS TABLE (count bigint, last bigint, documents text)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
SET enable_bitmapscan = off
SET enable_sort = off
SET plan_cache_mode = force_custom_plan
AS $$
  -- The document's text as it is printed here, joined: not parsed and printed again on its way.
  SELECT count(*), max(d.seq), string_agg(
    '{"collection":"' || d.collection || '","id":' || to_json(d.id) || ',"seq":' || d.seq ||
    ',"doc":' || CASE WHEN d.deleted THEN 'null' ELSE d.doc::text END || '}',
    ',' ORDER BY d.seq)
  FROM (
    SELECT collection, id, seq, deleted, doc FROM documents
    WHERE clinic_id = clinic AND seq > after ORDER BY seq LIMIT size) d
$$;
REVOKE ALL ON FUNCTION feed_page(uuid, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_page(uuid, bigint, int) TO dawr_app;

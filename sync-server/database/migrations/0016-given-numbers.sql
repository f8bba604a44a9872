-- I4 of every number that a station gives out, not of tickets and invoices alone: no two documents of a
-- clinic share a receipt's or a booking's number either.

-- The number as `numberKey` (shared/collection-rules.ts) says it, or null. And a number that the document
-- shared with an earlier one when this was made: see below.
ALTER TABLE documents
  ADD COLUMN number text GENERATED ALWAYS AS (CASE collection
    WHEN 'visits' THEN 'ticket:' || (doc ->> 'queueDay') || '/' ||
      (doc -> 'ticket' ->> 'letter') || '-' || (doc -> 'ticket' ->> 'number')
    WHEN 'entries' THEN 'receipt/' ||
      (doc -> 'body' -> 'receipt' ->> 'letter') || '-' || (doc -> 'body' -> 'receipt' ->> 'number')
    WHEN 'invoices' THEN 'invoice/' ||
      (doc -> 'number' ->> 'letter') || '-' || (doc -> 'number' ->> 'number')
    WHEN 'appointments' THEN 'booking:' || (doc ->> 'doctorId') || ':' || (doc ->> 'day') || '/' ||
      (doc -> 'number' ->> 'letter') || '-' || (doc -> 'number' ->> 'number')
  END) STORED,
  ADD COLUMN twice text;

-- Until now a receipt or a booking was let in under a number that was taken. Both are on paper, and a
-- payment is written once: each stays as it is. The later one is left out of the index, under this number
-- alone: moved to another day a booking is held by it like any other. Of all clinics at once: forced
-- row-level security would hide them from the owner too, and what is written once is not changed here.
ALTER TABLE documents NO FORCE ROW LEVEL SECURITY;
ALTER TABLE documents DISABLE TRIGGER documents_immutable;
UPDATE documents SET twice = number
FROM (
  SELECT clinic_id AS clinic, collection AS kind, id AS document,
    row_number() OVER (PARTITION BY clinic_id, number ORDER BY seq) AS nth
  FROM documents WHERE number IS NOT NULL) given
WHERE nth > 1 AND clinic_id = clinic AND collection = kind AND id = document;
ALTER TABLE documents ENABLE TRIGGER documents_immutable;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;

CREATE UNIQUE INDEX documents_number ON documents (clinic_id, number)
  WHERE number IS DISTINCT FROM twice;
DROP INDEX documents_ticket;
DROP INDEX documents_invoice_number;
ALTER TABLE documents DROP COLUMN ticket;
-- Nobody who serves may take a document out of the index.
REVOKE INSERT ON documents FROM dawr_app;
GRANT INSERT (clinic_id, collection, id, seq, doc, meta, deleted) ON documents TO dawr_app;

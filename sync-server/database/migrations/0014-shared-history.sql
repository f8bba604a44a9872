-- Which patient of this clinic is which of another of the same owner; the other has the same row the
-- other way round. One patient of the one is one of the other.
CREATE TABLE patient_links (
  clinic_id uuid NOT NULL REFERENCES clinics (clinic_id),
  patient_id uuid NOT NULL,
  other_clinic_id uuid NOT NULL,
  other_patient_id uuid NOT NULL,
  linked_by uuid NOT NULL REFERENCES users (id),
  linked_at timestamptz NOT NULL,
  PRIMARY KEY (clinic_id, patient_id, other_clinic_id),
  UNIQUE (clinic_id, other_clinic_id, other_patient_id),
  CHECK (clinic_id <> other_clinic_id)
) PARTITION BY HASH (clinic_id);
SELECT make_tenant_table('patient_links');
GRANT SELECT, INSERT, DELETE ON patient_links TO dawr_app;

-- Whether the clinic has a link at all: a push locks this row anyway, and asks for links only then.
ALTER TABLE feeds ADD COLUMN shares boolean NOT NULL DEFAULT false;
GRANT UPDATE (shares) ON feeds TO dawr_app;

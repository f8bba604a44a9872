-- What a station must have seen, whatever it says.

-- A new station pulls all there was when it was enrolled; it knows nothing older than that.
ALTER TABLE stations ADD COLUMN enrolled_seq bigint NOT NULL DEFAULT 0;

-- Who first signs in at a station is told what they are there by then. Of their first sign-in only:
-- what they made offline before a later one was made by what they knew then.
ALTER TABLE station_sessions ADD COLUMN first_seq bigint NOT NULL DEFAULT 0;

-- The highest number of a station's commands: a new one at or below it comes too late for its place.
CREATE INDEX commands_station_seq ON commands (clinic_id, station_id, station_seq);

-- The day first: a clinic without statistics yet has few visits on one day, but many without a plan.
DROP INDEX documents_patient_day;
CREATE INDEX documents_patient_day ON documents (clinic_id, queue_day, patient_id)
  WHERE collection = 'visits';

-- A station that goes on in another's place, by an ADMIN's word and with that one's key: it has its file,
-- and brings what that one had not sent. The other is revoked by then, and stays so.
ALTER TABLE stations
  ADD COLUMN former_id uuid,
  ADD FOREIGN KEY (clinic_id, former_id) REFERENCES stations (clinic_id, station_id);

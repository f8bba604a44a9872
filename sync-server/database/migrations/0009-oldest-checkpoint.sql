-- The oldest checkpoint that can still be served: tombstones up to it may be gone, and a station that
-- is behind it would keep what was deleted. 0: nothing was ever pruned.
ALTER TABLE feeds ADD COLUMN oldest bigint NOT NULL DEFAULT 0;

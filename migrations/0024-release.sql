-- A grant may include the decisions about held contents. The index stays a second copy of each row.

ALTER TABLE grants ADD COLUMN releases INTEGER NOT NULL DEFAULT 0 CHECK (releases IN (0, 1));

DROP INDEX grants_by_space;
CREATE INDEX grants_by_space ON grants (space_id, user_id, "right", releases);

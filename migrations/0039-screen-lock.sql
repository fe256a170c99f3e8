-- A browser whose person does nothing for a while is locked: its pages ask for the password again.
ALTER TABLE office ADD COLUMN lock_seconds INTEGER NOT NULL DEFAULT 300;    -- 0: never
ALTER TABLE sessions ADD COLUMN locks_at INTEGER;                           -- NULL: no script watches its person
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';           -- as people call it: "Firefox, Windows"

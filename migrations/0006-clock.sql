-- The certain time: permanent removal goes by this rather than by the wall clock.

CREATE TABLE clock (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    certain_at INTEGER NOT NULL,
    wall_at INTEGER NOT NULL,       -- the wall clock when this was noted,
    running_ms INTEGER NOT NULL,    -- and how long the machine had been running
    agreed_ms INTEGER NOT NULL      -- how long both have agreed since the wall clock came into doubt
) STRICT;

-- Events: appended in the transaction that made the change, removed by age only.
--
-- Ids refer to nothing: an event outlives what it is about. Names and paths are those of its time.

CREATE TABLE events (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (actor IN ('user', 'guest', 'owner', 'worker')),
    user_id INTEGER,        -- the user; for a guest, the maker of the link
    device_id INTEGER,      -- the device password that a user signed in with
    link_id INTEGER,        -- the link of a guest
    worker TEXT,            -- which worker
    kind TEXT NOT NULL,
    space_id BLOB,
    entry_id INTEGER,
    version_id INTEGER,
    path TEXT,              -- of the entry, in its space
    size INTEGER,
    detail TEXT             -- the rest, as JSON
) STRICT;
CREATE INDEX events_by_space ON events (space_id, id);

-- Names that files left a moment ago. Many programs save by moving the old file away and another one to its
-- name: the entry that had the name then comes back to it (library::departure). Rows mean nothing once they are old,
-- and upkeep removes them; so they refer to entries without being referred to by them.

CREATE TABLE departures (
    folder_id INTEGER NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    entry_id INTEGER NOT NULL,          -- the file that had the name
    version_id INTEGER NOT NULL,        -- its content when it left
    absorbed_by INTEGER,                -- the file that it was moved over; NULL: it stands by itself, or lies in the trash
    user_id INTEGER NOT NULL,           -- the user that moved or deleted it
    left_at INTEGER NOT NULL,
    PRIMARY KEY (folder_id, name_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX departures_by_time ON departures (left_at);
CREATE INDEX departures_absorbed ON departures (entry_id) WHERE absorbed_by IS NOT NULL;

-- The file to which a link led before that file was moved over another.
ALTER TABLE links ADD COLUMN came_from INTEGER;
CREATE INDEX links_came_from ON links (came_from) WHERE came_from IS NOT NULL;

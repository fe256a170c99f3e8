-- Contents that a space lets in whatever scanners say of them, until a date.

CREATE TABLE allowed_contents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    space_id BLOB NOT NULL REFERENCES spaces (id) DEFERRABLE INITIALLY DEFERRED,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    path TEXT NOT NULL,                 -- of the file by which it was allowed, then
    reason TEXT NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,   -- NULL: the owner at the command line
    allowed_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,           -- certain time
    UNIQUE (space_id, sha256)
) STRICT;
CREATE INDEX allowed_contents_by_user ON allowed_contents (user_id);

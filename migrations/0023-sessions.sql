-- Sessions: one for each browser in which a person signed in to the pages.

CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,  -- in the order of signing in; the oldest go
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hmac BLOB NOT NULL UNIQUE CHECK (length(token_hmac) = 32),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,      -- to the minute
    ends_at INTEGER NOT NULL            -- unless it is used before
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (ends_at);

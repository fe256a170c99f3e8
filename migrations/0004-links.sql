-- Links for people without an account.

CREATE TABLE links (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    token_hmac BLOB NOT NULL UNIQUE CHECK (length(token_hmac) = 32),
    nonce BLOB NOT NULL CHECK (length(nonce) = 16),     -- with a key from the root secret it gives the token
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    creator_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    "right" TEXT NOT NULL CHECK ("right" IN ('read', 'edit', 'add')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,                 -- NULL: no end date
    password_hash TEXT,                 -- argon2id in PHC form; NULL: no password
    label TEXT NOT NULL,                -- for its maker
    note TEXT NOT NULL,                 -- for its guests
    hide_download INTEGER NOT NULL CHECK (hide_download IN (0, 1)),
    opened_at INTEGER                   -- when it was last opened, to the hour
) STRICT;
-- A second copy of the columns that give access, as users_twice is of accounts.
CREATE INDEX links_by_entry ON links (entry_id, creator_id, "right", expires_at, password_hash);
CREATE INDEX links_by_creator ON links (creator_id);

-- A guest's lock names the maker of the link in user_id.
ALTER TABLE locks ADD COLUMN link_id INTEGER REFERENCES links (id) ON DELETE CASCADE;
CREATE INDEX locks_by_link ON locks (link_id);

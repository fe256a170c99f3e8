-- Downloads through links that give their content a limited number of times. Each begins as a lease.

CREATE TABLE downloads (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    link_id INTEGER REFERENCES links (id) ON DELETE SET NULL,
    space_id BLOB NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    entry_id INTEGER REFERENCES entries (id) ON DELETE SET NULL,    -- what the link leads to
    browser BLOB CHECK (length(browser) = 32),  -- HMAC of the secret in the browser's cookie; NULL: it has none
    begun_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,           -- of the lease; later requests move it
    content TEXT NOT NULL,              -- ETag of what is sent; empty before the first byte
    size INTEGER NOT NULL,
    sent TEXT NOT NULL,                 -- ranges of bytes that have left, such as 0-100,200-300
    completed_at INTEGER,               -- NULL: not everything has left
    path TEXT,                          -- of the entry, then
    label TEXT,                         -- of the link, then
    receipt TEXT                        -- signed then
) STRICT;
CREATE INDEX downloads_by_link ON downloads (link_id);
CREATE INDEX downloads_by_space ON downloads (space_id);
CREATE INDEX downloads_by_entry ON downloads (entry_id);
CREATE INDEX downloads_open ON downloads (ends_at) WHERE completed_at IS NULL;

ALTER TABLE links ADD COLUMN fetched_at INTEGER;    -- when something was last fetched through it, to the hour

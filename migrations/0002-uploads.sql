-- Uploads that arrive in parts and can be resumed. Their bytes lie in containers that no version uses
-- yet; finishing hands them to a version and removes the rows here.

ALTER TABLE spaces ADD COLUMN reserved_bytes INTEGER NOT NULL DEFAULT 0
    CHECK (reserved_bytes >= 0);        -- announced by the uploads below and not received yet

CREATE TABLE uploads (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    space_id BLOB NOT NULL REFERENCES spaces (id),
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL, -- NULL: the account is gone, the upload follows
    door TEXT NOT NULL,                 -- the protocol by which it comes
    shape TEXT NOT NULL CHECK (shape IN ('linear', 'chunked')),
    path TEXT,                          -- NULL: given at the end
    length INTEGER CHECK (length >= 0), -- NULL: not announced
    received INTEGER NOT NULL CHECK (received >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0), -- bytes missing up to length
    pieces INTEGER NOT NULL CHECK (pieces >= 0),     -- its containers
    chunks INTEGER NOT NULL CHECK (chunks >= 0),
    changes INTEGER NOT NULL,           -- grows with every change of the pieces
    modified_at INTEGER,                -- as the client says
    checksum TEXT,                      -- expected checksum of the whole content
    metadata TEXT NOT NULL,             -- as the client sent it, verbatim
    entry_id INTEGER NOT NULL,          -- the number under which its containers were written
    digest BLOB,                        -- state of the digests after the first bytes; NULL: not known
    digest_bytes INTEGER NOT NULL,      -- number of those bytes
    digest_chunk TEXT,                  -- the last chunk among them
    digest_chunks INTEGER NOT NULL,     -- number of those chunks
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_space ON uploads (space_id);
CREATE INDEX uploads_by_user ON uploads (user_id);
CREATE INDEX uploads_expiring ON uploads (expires_at);

-- Chunks that arrived whole. A linear upload has none.
CREATE TABLE upload_chunks (
    upload_id BLOB NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (upload_id, name)
) STRICT, WITHOUT ROWID;

-- The containers of the received bytes, in order within a chunk ('' in a linear upload).
CREATE TABLE upload_pieces (
    upload_id BLOB NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    chunk TEXT NOT NULL,
    position INTEGER NOT NULL,
    container_id BLOB NOT NULL REFERENCES containers (id),
    PRIMARY KEY (upload_id, chunk, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_pieces_by_container ON upload_pieces (container_id);

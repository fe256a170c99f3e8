-- Uploads that arrive in parts and can be resumed. What has arrived lies in containers that no version uses
-- yet; finishing hands them to a version and removes the rows here.

ALTER TABLE spaces ADD COLUMN reserved_bytes INTEGER NOT NULL DEFAULT 0
    CHECK (reserved_bytes >= 0);        -- announced by the uploads below and not received yet

CREATE TABLE uploads (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    space_id BLOB NOT NULL REFERENCES spaces (id),
    user_id INTEGER REFERENCES users (id) ON DELETE SET NULL, -- NULL: the account is gone, the upload follows
    door TEXT NOT NULL,                 -- by which protocol it comes
    shape TEXT NOT NULL CHECK (shape IN ('linear', 'chunked')),
    path TEXT,                          -- NULL: told when it is finished
    length INTEGER CHECK (length >= 0), -- NULL: not announced
    received INTEGER NOT NULL CHECK (received >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0), -- what is missing to length
    pieces INTEGER NOT NULL CHECK (pieces >= 0),     -- its containers
    chunks INTEGER NOT NULL CHECK (chunks >= 0),
    changes INTEGER NOT NULL,           -- grows with every change of the pieces
    modified_at INTEGER,                -- as the client says
    checksum TEXT,                      -- what the whole content must hash to
    metadata TEXT NOT NULL,             -- the client's own words, verbatim
    entry_id INTEGER NOT NULL,          -- the number under which its containers were written
    digest BLOB,                        -- digests of the first bytes, to be gone on with; NULL: not known
    digest_bytes INTEGER NOT NULL,      -- how many bytes these are
    digest_chunk TEXT,                  -- the last chunk among them
    digest_chunks INTEGER NOT NULL,     -- how many chunks these are
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

-- The containers of what has arrived, in order within a chunk ('' in a linear upload).
CREATE TABLE upload_pieces (
    upload_id BLOB NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    chunk TEXT NOT NULL,
    position INTEGER NOT NULL,
    container_id BLOB NOT NULL REFERENCES containers (id),
    PRIMARY KEY (upload_id, chunk, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_pieces_by_container ON upload_pieces (container_id);

-- The first schema. Ids are AUTOINCREMENT or random: none is ever reused.
-- Times are milliseconds since 1970 UTC, sizes bytes, ids of spaces and containers 16 random bytes.

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: numbers that grow with every change and must survive a restart.
CREATE TABLE counters (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,          -- last revision given to an entry; part of every ETag
    next_entry_id INTEGER NOT NULL      -- entry ids below this may be in use
) STRICT;
INSERT INTO counters (id, revision, next_entry_id) VALUES (1, 0, 1);

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,      -- the form in which names are compared
    role TEXT NOT NULL CHECK (role IN ('administrator', 'staff', 'client', 'auditor')),
    password_hash TEXT,                 -- argon2id in PHC form; NULL: app passwords only
    epoch INTEGER NOT NULL DEFAULT 0,   -- grows when credentials change
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;

CREATE INDEX users_twice ON users (role, disabled_at, epoch, password_hash);

CREATE TABLE app_passwords (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    token_hmac BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at INTEGER
) STRICT;
CREATE INDEX app_passwords_by_user ON app_passwords (user_id);

CREATE TABLE spaces (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('client', 'team')),
    root_id INTEGER NOT NULL REFERENCES entries (id) DEFERRABLE INITIALLY DEFERRED,
    quota_bytes INTEGER,                -- NULL: as much as the disk holds
    used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    version_days INTEGER NOT NULL,      -- how long replaced contents are kept
    trash_days INTEGER NOT NULL,        -- how long deleted entries are kept
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX spaces_by_root ON spaces (root_id);

CREATE TABLE grants (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    space_id BLOB NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    "right" TEXT NOT NULL CHECK ("right" IN ('read', 'write', 'manage')),
    PRIMARY KEY (user_id, space_id)
) STRICT, WITHOUT ROWID;
-- A second copy of each right, as users_twice is of accounts: a page is authenticated, its age is
-- not, and an old page put back shows only where table and index differ.
CREATE INDEX grants_by_space ON grants (space_id, user_id, "right");

-- The tree. parent_id is NULL for a space's root folder and for the top of each deleted tree.
CREATE TABLE entries (
    id INTEGER NOT NULL PRIMARY KEY,
    space_id BLOB NOT NULL REFERENCES spaces (id) DEFERRABLE INITIALLY DEFERRED,
    parent_id INTEGER REFERENCES entries (id),
    name TEXT NOT NULL,                 -- byte for byte as sent; '' for a root
    name_key TEXT NOT NULL,             -- NFC and lower case: unique in a folder
    is_folder INTEGER NOT NULL CHECK (is_folder IN (0, 1)),
    version_id INTEGER REFERENCES versions (id) DEFERRABLE INITIALLY DEFERRED,
    size INTEGER NOT NULL DEFAULT 0,    -- file: of its content; folder: of all files below
    revision INTEGER NOT NULL,          -- file: grows with its content; folder: with any change below
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    CHECK ((is_folder = 1) = (version_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX entries_by_name ON entries (parent_id, name_key); -- NULL parents never collide
CREATE INDEX entries_by_space ON entries (space_id);
-- Every column that refers to a table whose rows come and go needs an index: SQLite looks for referrers
-- at each delete, and while a deferred reference is open at each insert too.
CREATE INDEX entries_by_version ON entries (version_id);

CREATE TABLE versions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    entry_id INTEGER NOT NULL REFERENCES entries (id) DEFERRABLE INITIALLY DEFERRED,
    size INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,       -- as the client says
    created_at INTEGER NOT NULL,        -- when it was committed here
    author_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    sha256 BLOB,                        -- of the plaintext; NULL until it is computed
    sha1 BLOB, md5 BLOB, adler32 BLOB,  -- only those a client sent, after they were verified
    replaced_at INTEGER                 -- NULL while it is its entry's content
) STRICT;
CREATE INDEX versions_by_entry ON versions (entry_id);
CREATE INDEX versions_by_author ON versions (author_id);
CREATE INDEX versions_replaced ON versions (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE INDEX versions_unhashed ON versions (id) WHERE sha256 IS NULL;

-- A row binds a file on disk to its place: another container, an older or a longer one is refused.
CREATE TABLE containers (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    space_id BLOB NOT NULL REFERENCES spaces (id),
    header_hash BLOB NOT NULL CHECK (length(header_hash) = 32),
    length INTEGER NOT NULL,            -- bytes of the container
    plain_len INTEGER NOT NULL,         -- bytes of content
    pack_id BLOB CHECK (length(pack_id) = 16),  -- NULL: it has a file of its own
    pack_offset INTEGER,                -- where it begins in the pack
    CHECK ((pack_id IS NULL) = (pack_offset IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX containers_by_space ON containers (space_id);

CREATE TABLE segments (
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    container_id BLOB NOT NULL REFERENCES containers (id),
    PRIMARY KEY (version_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX segments_by_container ON segments (container_id);

-- Containers whose row is gone and whose file goes next: the row is deleted first, then the file.
CREATE TABLE garbage (
    container_id BLOB NOT NULL PRIMARY KEY,
    space_id BLOB NOT NULL,
    pack_id BLOB, pack_offset INTEGER,  -- as in containers
    length INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Containers that no row above refers to and that no sweep may remove: a rebuild found them damaged,
-- incomplete or without a key.
CREATE TABLE set_aside (
    container_id BLOB NOT NULL PRIMARY KEY CHECK (length(container_id) = 16),
    space_id BLOB NOT NULL,
    reason TEXT NOT NULL,
    noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE trash (
    entry_id INTEGER NOT NULL PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    space_id BLOB NOT NULL REFERENCES spaces (id),
    parent_id INTEGER NOT NULL,         -- the folder it was deleted from, which may be gone since
    path TEXT NOT NULL,                 -- its former path, for people and for restoring
    deleted_at INTEGER NOT NULL,
    deleted_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
    is_purging INTEGER NOT NULL DEFAULT 0 CHECK (is_purging IN (0, 1)) -- being removed for good, in steps
) STRICT;
CREATE INDEX trash_purging ON trash (entry_id) WHERE is_purging = 1;
CREATE INDEX trash_by_space ON trash (space_id, deleted_at);
CREATE INDEX trash_by_deleter ON trash (deleted_by);

-- WebDAV locks (RFC 4918 6) and dead properties (RFC 4918 4).
CREATE TABLE locks (
    token TEXT NOT NULL PRIMARY KEY,
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    is_exclusive INTEGER NOT NULL CHECK (is_exclusive IN (0, 1)),
    is_deep INTEGER NOT NULL CHECK (is_deep IN (0, 1)),
    owner TEXT NOT NULL,                -- the client's XML, verbatim; '' if it sent none
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX locks_by_entry ON locks (entry_id);
CREATE INDEX locks_by_user ON locks (user_id);
CREATE INDEX locks_expiring ON locks (expires_at);

CREATE TABLE properties (
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,                -- the whole element as XML, namespaces declared
    PRIMARY KEY (entry_id, namespace, name)
) STRICT, WITHOUT ROWID;

-- Containers that differ from the committed ones. They stay on the disk for inspection until their content is
-- removed by hand; a row goes when its container does or is found whole again.
CREATE TABLE damaged (
    container_id BLOB NOT NULL PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    chunk INTEGER,                      -- the first damaged one, from 0; NULL if no single chunk is damaged
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Progress of verification: for each kind, the current or the last run.
CREATE TABLE scrub (
    starter TEXT NOT NULL CHECK (starter IN ('owner', 'schedule')),
    mode TEXT NOT NULL CHECK (mode IN ('quick', 'full')),
    started_at INTEGER NOT NULL,
    position BLOB,                      -- the last container that was verified; NULL before the first
    containers INTEGER NOT NULL,        -- number verified so far
    bytes INTEGER NOT NULL,             -- content read so far
    findings INTEGER NOT NULL,
    is_running INTEGER NOT NULL CHECK (is_running IN (0, 1)),
    completed_at INTEGER,               -- end of the last complete run
    PRIMARY KEY (starter, mode)
) STRICT, WITHOUT ROWID;

-- Mails that arrive for a space.

ALTER TABLE spaces ADD COLUMN mail TEXT;        -- local part of its address; NULL: it has none
CREATE UNIQUE INDEX spaces_by_mail ON spaces (mail) WHERE mail IS NOT NULL;

-- One row for each mail that was delivered; it ends with the content of its .eml file.
CREATE TABLE mails (
    version_id INTEGER NOT NULL PRIMARY KEY REFERENCES versions (id) ON DELETE CASCADE,
    space_id BLOB NOT NULL REFERENCES spaces (id) DEFERRABLE INITIALLY DEFERRED,
    hash BLOB NOT NULL,                 -- SHA-256 without what servers add on the way: the same when it is sent twice
    sender TEXT NOT NULL,               -- address of the envelope, not verified; '' if it has none
    arrived_at INTEGER NOT NULL,
    next_at INTEGER,                    -- when its attachments are stored; NULL when that is done
    attachments INTEGER NOT NULL DEFAULT 0,
    fault TEXT                          -- why attachments are missing: a word of model::Obstacle, or the code of an error
) STRICT;
CREATE INDEX mails_by_hash ON mails (hash);
-- What is to be done: nearly empty.
CREATE INDEX mails_next ON mails (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mails_by_space ON mails (space_id, next_at);

-- The attachments of mails, each a file of its own.
CREATE TABLE mail_parts (
    version_id INTEGER NOT NULL PRIMARY KEY REFERENCES versions (id) ON DELETE CASCADE,
    mail_id INTEGER NOT NULL REFERENCES mails (version_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX mail_parts_by_mail ON mail_parts (mail_id);

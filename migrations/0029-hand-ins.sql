-- Hand-ins: what a person without an account hands over through a link, from the first file to the receipt.

ALTER TABLE links ADD COLUMN uses_max INTEGER CHECK (uses_max > 0);     -- hand-ins that it allows; NULL: any number
ALTER TABLE links ADD COLUMN uses INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0);     -- finished ones
ALTER TABLE links ADD COLUMN deadline_at INTEGER;                       -- what is finished later is marked as late
ALTER TABLE links ADD COLUMN bytes_max INTEGER CHECK (bytes_max > 0);   -- of one hand-in
ALTER TABLE links ADD COLUMN files_max INTEGER CHECK (files_max > 0);   -- of one hand-in
ALTER TABLE links ADD COLUMN types TEXT;                                -- endings of names, separated by blanks; NULL: any
ALTER TABLE links ADD COLUMN own_folder INTEGER NOT NULL DEFAULT 0 CHECK (own_folder IN (0, 1));
ALTER TABLE links ADD COLUMN guest_chooses INTEGER NOT NULL DEFAULT 0 CHECK (guest_chooses IN (0, 1)); -- the password
DROP INDEX links_by_entry;
CREATE INDEX links_by_entry ON links (entry_id, creator_id, "right", expires_at, password_hash, uses_max, uses);

CREATE TABLE hand_ins (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    link_id INTEGER REFERENCES links (id) ON DELETE SET NULL,
    space_id BLOB NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    folder_id INTEGER REFERENCES entries (id) ON DELETE SET NULL,   -- in which it lies
    begun_at INTEGER NOT NULL,
    name TEXT NOT NULL,                 -- of the person, in the person's words; may be empty
    finished_at INTEGER,                -- NULL: more may come
    complete INTEGER NOT NULL CHECK (complete IN (0, 1)),   -- the person said so; otherwise the link ended before
    late INTEGER NOT NULL CHECK (late IN (0, 1)),
    receipt TEXT                        -- signed when it was finished
) STRICT;
CREATE INDEX hand_ins_by_link ON hand_ins (link_id);
CREATE INDEX hand_ins_by_space ON hand_ins (space_id);
CREATE INDEX hand_ins_by_folder ON hand_ins (folder_id);
CREATE INDEX hand_ins_open ON hand_ins (id) WHERE finished_at IS NULL;

-- The browsers of a hand-in: that in which it was begun, and those that joined by a code.
CREATE TABLE visits (
    hmac BLOB NOT NULL PRIMARY KEY CHECK (length(hmac) = 32),   -- of the secret in the browser's cookie
    hand_in_id INTEGER NOT NULL REFERENCES hand_ins (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX visits_by_hand_in ON visits (hand_in_id);

CREATE TABLE hand_in_files (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hand_in_id INTEGER NOT NULL REFERENCES hand_ins (id) ON DELETE CASCADE,
    version_id INTEGER REFERENCES versions (id) ON DELETE SET NULL,
    path TEXT NOT NULL,                 -- as it was sent
    stored_as TEXT NOT NULL,            -- the name that it got
    size INTEGER NOT NULL,
    sha256 BLOB,                        -- NULL: refused
    at INTEGER NOT NULL,
    refused TEXT,                       -- why it was not stored
    withdrawn_at INTEGER
) STRICT;
CREATE INDEX hand_in_files_by_hand_in ON hand_in_files (hand_in_id);
CREATE INDEX hand_in_files_by_version ON hand_in_files (version_id);

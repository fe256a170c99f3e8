-- Requests: a checklist of documents that an office asks for, and a link for each person who is asked.

CREATE TABLE requests (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    space_id BLOB NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
    folder_id INTEGER REFERENCES entries (id) ON DELETE SET NULL,   -- where its files go
    creator_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    title TEXT NOT NULL,
    note TEXT NOT NULL,                 -- for the people who are asked
    template TEXT NOT NULL,             -- from which it was made; empty: none
    naming TEXT NOT NULL,               -- scheme of the paths of its files
    year INTEGER NOT NULL,              -- for that scheme
    created_at INTEGER NOT NULL,
    deadline_at INTEGER,                -- what comes later is late
    closed_at INTEGER,                  -- NULL: it takes files
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),   -- no reminders
    missing INTEGER NOT NULL,           -- items that are open or rejected, as the items say
    to_check INTEGER NOT NULL,          -- items that a user of the office has to look at, as the items say
    rejected INTEGER NOT NULL           -- as the items say
) STRICT;
CREATE INDEX requests_by_space ON requests (space_id, id);
CREATE INDEX requests_running ON requests (space_id, id) WHERE closed_at IS NULL;
CREATE INDEX requests_by_folder ON requests (folder_id);
CREATE INDEX requests_by_creator ON requests (creator_id);

CREATE TABLE request_items (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    position INTEGER NOT NULL CHECK (position > 0),
    title TEXT NOT NULL,
    help TEXT NOT NULL,
    person TEXT NOT NULL,               -- whose document it is; empty: not said
    several INTEGER NOT NULL CHECK (several IN (0, 1)), -- whether it takes more than one file
    state TEXT NOT NULL,                -- follows from what is below and from its files
    verdict TEXT,                       -- of the office: accepted or rejected
    verdict_at INTEGER,
    reason TEXT NOT NULL,               -- of a rejection
    judged_file INTEGER NOT NULL,       -- latest file at that time; 0: none
    judged_declined INTEGER NOT NULL CHECK (judged_declined IN (0, 1)), -- the verdict was about what is in declined_at
    declined_at INTEGER,                -- when the person said that it does not apply
    declined_why TEXT NOT NULL,
    UNIQUE (request_id, position)
) STRICT;

CREATE TABLE request_recipients (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    request_id INTEGER NOT NULL REFERENCES requests (id) ON DELETE CASCADE,
    link_id INTEGER REFERENCES links (id) ON DELETE SET NULL,       -- NULL: removed
    name TEXT NOT NULL,
    mail TEXT NOT NULL,                 -- empty: none
    language TEXT NOT NULL,             -- a tag such as de
    reminders INTEGER NOT NULL,         -- sent so far
    reminded_at INTEGER,
    remind_at INTEGER                   -- when the next one is due; NULL: none
) STRICT;
CREATE INDEX request_recipients_by_request ON request_recipients (request_id);
CREATE INDEX request_recipients_by_link ON request_recipients (link_id);
CREATE INDEX request_recipients_due ON request_recipients (remind_at) WHERE remind_at IS NOT NULL;

-- What people who are asked say about an item.
CREATE TABLE request_comments (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    item_id INTEGER NOT NULL REFERENCES request_items (id) ON DELETE CASCADE,
    recipient_id INTEGER REFERENCES request_recipients (id) ON DELETE SET NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX request_comments_by_item ON request_comments (item_id);
CREATE INDEX request_comments_by_recipient ON request_comments (recipient_id);

-- The office's own templates, which come before those in the program.
CREATE TABLE request_templates (
    name TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,                 -- TOML
    changed_at INTEGER NOT NULL
) STRICT;

ALTER TABLE links ADD COLUMN request_id INTEGER REFERENCES requests (id) ON DELETE CASCADE;
CREATE INDEX links_by_request ON links (request_id);

ALTER TABLE hand_in_files ADD COLUMN item_id INTEGER REFERENCES request_items (id) ON DELETE SET NULL;
CREATE INDEX hand_in_files_by_item ON hand_in_files (item_id, id);

-- Through a link of a request, a browser hands in again after the end; the hand-in before that.
ALTER TABLE hand_ins ADD COLUMN after_id INTEGER REFERENCES hand_ins (id) ON DELETE SET NULL;
CREATE INDEX hand_ins_by_after ON hand_ins (after_id);

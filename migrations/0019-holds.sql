-- The holding area. What arrives in a space with a holding time is withheld until it was examined twice.

ALTER TABLE spaces ADD COLUMN hold_ms INTEGER CHECK (hold_ms > 0);  -- NULL: nothing is held

-- One row for each content that was ever held; it ends with the content.
CREATE TABLE holds (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    version_id INTEGER NOT NULL UNIQUE REFERENCES versions (id) ON DELETE CASCADE,
    state TEXT NOT NULL,                -- a word of model::HoldState
    arrived_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,            -- not released by itself before this certain time
    next_at INTEGER,                    -- certain time; NULL if it waits for a person, or has ended
    reason TEXT,                        -- a word of model::HoldReason
    overridden INTEGER NOT NULL DEFAULT 0 CHECK (overridden IN (0, 1)),
    first_signatures TEXT               -- identity of the signatures of the first clean scan
) STRICT;
-- What is due: nearly empty.
CREATE INDEX holds_next ON holds (next_at) WHERE next_at IS NOT NULL;
-- What is not settled yet: short, while the table grows with everything that arrives.
CREATE INDEX holds_open ON holds (id) WHERE state NOT IN ('released', 'withdrawn');

CREATE TABLE verdicts (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    hold_id INTEGER NOT NULL REFERENCES holds (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    engine TEXT NOT NULL,               -- name of the scanner
    signatures TEXT NOT NULL,           -- identity of the signatures
    signatures_at INTEGER,              -- when the newest of them were built
    result TEXT NOT NULL,               -- a word of model::VerdictKind
    detail TEXT                         -- name of the virus, or why it could not be scanned
) STRICT;
CREATE INDEX verdicts_by_hold ON verdicts (hold_id);

-- The PDF of a held document, an entry of its own beside it.
CREATE TABLE renditions (
    hold_id INTEGER NOT NULL PRIMARY KEY REFERENCES holds (id) ON DELETE CASCADE,
    is_pending INTEGER NOT NULL CHECK (is_pending IN (0, 1)),  -- still to be made
    name TEXT,                          -- its name, once it is certain that there will be one
    entry_id INTEGER REFERENCES entries (id) ON DELETE SET NULL,
    fault TEXT                          -- code of the error for which there is none
) STRICT;
CREATE INDEX renditions_pending ON renditions (hold_id) WHERE is_pending = 1;
CREATE INDEX renditions_by_entry ON renditions (entry_id);

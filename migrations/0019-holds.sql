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
    changed_at INTEGER NOT NULL,        -- of the state or the reason
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
    engine TEXT NOT NULL,               -- name and version
    signatures TEXT NOT NULL,           -- identity of the signatures
    signatures_at INTEGER,              -- when the newest of them were built
    result TEXT NOT NULL,               -- a word of model::VerdictKind
    detail TEXT                         -- name of the virus, or why it could not be scanned
) STRICT;
CREATE INDEX verdicts_by_hold ON verdicts (hold_id);

-- The PDF of a held document, an entry of its own beside it. Without entry and fault, one is being made under this name.
CREATE TABLE renditions (
    hold_id INTEGER NOT NULL PRIMARY KEY REFERENCES holds (id) ON DELETE CASCADE,
    name TEXT,                          -- NULL: no document that becomes a PDF
    entry_id INTEGER REFERENCES entries (id) ON DELETE SET NULL,
    fault TEXT,                         -- code of the error for which there is none
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX renditions_by_entry ON renditions (entry_id);

-- Everything stored is scanned again when the scanner has other signatures.

-- One row: the present or latest pass over everything stored; none before the first.
CREATE TABLE rescan (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    mode TEXT NOT NULL,                 -- a word of model::RescanMode
    pass INTEGER NOT NULL,              -- number of the pass
    signatures TEXT NOT NULL,           -- identity of the signatures at its beginning
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,                   -- NULL while it is under way
    below_id INTEGER NOT NULL,          -- versions below this one are still to be scanned, latest first
    above_id INTEGER NOT NULL,          -- versions above this one came later and are still to be scanned
    total INTEGER NOT NULL,             -- versions at its beginning
    seen INTEGER NOT NULL,              -- of these, done
    scanned INTEGER NOT NULL,           -- contents scanned for that
    unscanned INTEGER NOT NULL,         -- contents that could not be scanned, or not fully
    found INTEGER NOT NULL              -- versions in which something was found
) STRICT;

-- What the pass found out about each content, so that its copies are not scanned again.
CREATE TABLE rescanned (
    sha256 BLOB NOT NULL PRIMARY KEY,
    pass INTEGER NOT NULL,
    result TEXT NOT NULL,               -- a word of model::VerdictKind
    detail TEXT                         -- name of the virus
) STRICT, WITHOUT ROWID;

-- Readers of a content that turns out to be dangerous.
CREATE INDEX events_reads ON events (version_id) WHERE kind = 'read';
-- When and by whom a content was released.
CREATE INDEX events_states ON events (version_id) WHERE kind = 'state-changed';
-- How often one signature found something lately.
CREATE INDEX verdicts_infected ON verdicts (at) WHERE result = 'infected';
-- When the scanner last found a test virus, and passed a harmless text, with the signatures of a verdict.
ALTER TABLE verdicts ADD COLUMN tested_at INTEGER;

-- Two persons may be needed to release what is held.

ALTER TABLE spaces ADD COLUMN release_by TEXT NOT NULL DEFAULT '1' CHECK (release_by IN ('1', '2'));

-- The first of two decisions to release a content; the second carries it out. It counts while the hold is as it was then.
CREATE TABLE approvals (
    hold_id INTEGER NOT NULL PRIMARY KEY REFERENCES holds (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,    -- NULL: the owner at the command line
    decision TEXT NOT NULL,             -- a word of model::HoldDecision
    state TEXT NOT NULL,                -- of the hold: a word of model::HoldState
    objection TEXT,                     -- of the hold: a word of model::HoldReason
    at INTEGER NOT NULL,
    lapses_at INTEGER NOT NULL          -- certain time
) STRICT;
CREATE INDEX approvals_by_user ON approvals (user_id);

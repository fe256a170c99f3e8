-- Persons who ask for a held content, and persons to whom it is handed out before it is released to everyone.

CREATE TABLE hold_requests (
    hold_id INTEGER NOT NULL REFERENCES holds (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    asked_at INTEGER NOT NULL,
    reason TEXT,                        -- in the person's words
    declined_at INTEGER,                -- NULL: not declined
    declined_why TEXT,                  -- in the words of the person who declined
    PRIMARY KEY (hold_id, user_id)
) STRICT;
CREATE INDEX hold_requests_by_user ON hold_requests (user_id);

CREATE TABLE handed_out (
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    overridden INTEGER NOT NULL CHECK (overridden IN (0, 1)),   -- in spite of a scanner
    PRIMARY KEY (version_id, user_id)
) STRICT;
CREATE INDEX handed_out_by_user ON handed_out (user_id);

-- The first of two decisions may be to hand it out to one person.
ALTER TABLE approvals ADD COLUMN to_id INTEGER REFERENCES users (id) ON DELETE CASCADE;    -- NULL: release it to everyone
CREATE INDEX approvals_by_recipient ON approvals (to_id);

-- Several scanners judge a content together.

-- Whether nothing is clean that this scanner did not call clean.
ALTER TABLE verdicts ADD COLUMN is_required INTEGER NOT NULL DEFAULT 1 CHECK (is_required IN (0, 1));
-- The scanner whose result it is, if that is no clean one.
ALTER TABLE rescanned ADD COLUMN engine TEXT;

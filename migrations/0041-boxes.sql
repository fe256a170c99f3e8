-- Boxes: one permanent link of a member of staff, for signatures of mails.

ALTER TABLE links ADD COLUMN is_box INTEGER NOT NULL DEFAULT 0 CHECK (is_box IN (0, 1));
CREATE UNIQUE INDEX links_box ON links (creator_id) WHERE is_box = 1;

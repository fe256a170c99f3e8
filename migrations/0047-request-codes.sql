-- Requests whose links open by a code that is sent to each recipient's mail address.

ALTER TABLE requests ADD COLUMN code_by_mail INTEGER NOT NULL DEFAULT 0 CHECK (code_by_mail IN (0, 1));

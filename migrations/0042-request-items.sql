-- Items of requests have a time of their own until which they are asked for.

ALTER TABLE request_items ADD COLUMN until_at INTEGER;  -- the end of its day; NULL: the deadline of the request
ALTER TABLE requests ADD COLUMN next_due_at INTEGER;    -- of the items that are missing, the earliest; NULL: none has one
UPDATE requests SET next_due_at = deadline_at WHERE missing > 0;

-- What is overdue is read by the time of its items.
DROP INDEX requests_missing;
CREATE INDEX requests_missing ON requests (space_id, id, next_due_at) WHERE closed_at IS NULL AND missing > 0;

-- Files that the recipients may fetch for an item: they stay where they are, and are given out by the right of the request's maker.
ALTER TABLE request_items ADD COLUMN form_id INTEGER REFERENCES entries (id) ON DELETE SET NULL;     -- to fill in; NULL: none
ALTER TABLE request_items ADD COLUMN example_id INTEGER REFERENCES entries (id) ON DELETE SET NULL;  -- NULL: none
CREATE INDEX request_items_by_form ON request_items (form_id);
CREATE INDEX request_items_by_example ON request_items (example_id);

-- A recipient may be a person with an account, who sees the request after signing in.
ALTER TABLE request_recipients ADD COLUMN account_id INTEGER REFERENCES users (id) ON DELETE SET NULL;  -- NULL: by link alone
CREATE INDEX request_recipients_by_account ON request_recipients (account_id, id);

-- Recipients of requests are invited by mail, and their links get other addresses.

ALTER TABLE request_recipients ADD COLUMN invited_at INTEGER;  -- when the mail server took the invitation; NULL: not yet
ALTER TABLE request_recipients ADD COLUMN renewed_at INTEGER;  -- when the link got its present address; NULL: when it was made
ALTER TABLE request_recipients ADD COLUMN renewed_by INTEGER REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX request_recipients_by_renewer ON request_recipients (renewed_by);

DROP INDEX events_of_requests;
CREATE INDEX events_of_requests ON events (entry_id, id) WHERE kind IN (
    'request-made', 'request-changed', 'request-closed', 'request-reopened', 'request-reminded', 'request-invited',
    'request-link-renewed', 'item-handed-in', 'item-taken-back', 'item-does-not-apply', 'item-applies', 'item-commented',
    'item-answered', 'item-accepted', 'item-rejected', 'item-undone');

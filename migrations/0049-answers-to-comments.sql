-- The office answers what people who are asked say about an item.

ALTER TABLE request_comments ADD COLUMN answered_at INTEGER;              -- NULL: not yet
ALTER TABLE request_comments ADD COLUMN answer TEXT NOT NULL DEFAULT '';  -- empty: settled without words

DROP INDEX events_of_requests;
CREATE INDEX events_of_requests ON events (entry_id, id) WHERE kind IN (
    'request-made', 'request-changed', 'request-closed', 'request-reopened', 'request-reminded', 'item-handed-in',
    'item-taken-back', 'item-does-not-apply', 'item-applies', 'item-commented', 'item-answered', 'item-accepted',
    'item-rejected', 'item-undone');

-- Lists of requests: each is read by an index of its own, however many requests there are.

ALTER TABLE requests ADD COLUMN opened_at INTEGER;  -- when a recipient first opened it; NULL: never
ALTER TABLE requests ADD COLUMN news_at INTEGER;    -- when a recipient last handed in, answered or asked; NULL: never
UPDATE requests SET
    opened_at = (SELECT min(opened_at) FROM links WHERE links.request_id = requests.id),
    news_at = (SELECT max(hand_in_files.at) FROM links
                    JOIN hand_ins ON hand_ins.link_id = links.id
                    JOIN hand_in_files ON hand_in_files.hand_in_id = hand_ins.id
               WHERE links.request_id = requests.id AND refused IS NULL);

CREATE INDEX requests_missing ON requests (space_id, id, deadline_at) WHERE closed_at IS NULL AND missing > 0;
CREATE INDEX requests_to_check ON requests (space_id, id) WHERE closed_at IS NULL AND to_check > 0;
CREATE INDEX requests_rejected ON requests (space_id, id) WHERE closed_at IS NULL AND rejected > 0;
CREATE INDEX requests_unopened ON requests (space_id, id) WHERE closed_at IS NULL AND opened_at IS NULL;
CREATE INDEX requests_news ON requests (space_id, id, news_at) WHERE closed_at IS NULL AND news_at IS NOT NULL;
CREATE INDEX requests_closed ON requests (space_id, id) WHERE closed_at IS NOT NULL;
CREATE INDEX requests_by_template ON requests (space_id, template, id) WHERE closed_at IS NULL;

-- What happened to the requests of a folder.
CREATE INDEX events_of_requests ON events (entry_id, id) WHERE kind IN (
    'request-made', 'request-changed', 'request-closed', 'request-reopened', 'request-reminded', 'item-handed-in',
    'item-taken-back', 'item-does-not-apply', 'item-applies', 'item-commented', 'item-accepted', 'item-rejected',
    'item-undone');

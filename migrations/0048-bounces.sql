-- The address to which a mail was sent: a report that comes back later says nothing about one that replaced it.

ALTER TABLE notices ADD COLUMN sent_to TEXT;    -- NULL: not sent, or sent by an earlier version

-- News about an account belong to no space.
DROP INDEX news_waiting;
ALTER TABLE news ADD COLUMN about_space BLOB;   -- NULL: it is about an account
UPDATE news SET about_space = space_id;
ALTER TABLE news DROP COLUMN space_id;
ALTER TABLE news RENAME COLUMN about_space TO space_id;
CREATE INDEX news_waiting ON news (recipient, topic, space_id) WHERE notice_id IS NULL;

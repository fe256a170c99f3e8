-- When a request reminds its recipients, and addresses that a mail server refused.

ALTER TABLE requests ADD COLUMN remind TEXT NOT NULL DEFAULT 'off';     -- days before the deadline, such as 7d,1d; or off

ALTER TABLE request_recipients ADD COLUMN refused_at INTEGER;           -- NULL: the address is not known to be wrong
ALTER TABLE request_recipients ADD COLUMN refusal TEXT NOT NULL DEFAULT '';     -- what the mail server said
-- Of a person who is asked in several requests, only one reminds on a day.
CREATE INDEX request_recipients_by_mail ON request_recipients (mail, reminded_at);

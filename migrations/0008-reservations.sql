-- Uploads that reserve room for announced bytes: a reservation ends when nothing has come for a while.
CREATE INDEX uploads_reserving ON uploads (id, expires_at) WHERE reserved > 0;

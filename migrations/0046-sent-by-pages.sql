-- A page sends a folder as it is on a device, with the folders in it that have no file. Those of a hand-in are counted, for they are
-- no rows of it.
ALTER TABLE hand_ins ADD COLUMN folders INTEGER NOT NULL DEFAULT 0;

-- A person without an account may send a file in parts through a link to work in a folder, too: such an upload belongs to the
-- browser that began it, which is known by the HMAC of its secret.
ALTER TABLE uploads ADD COLUMN link_id INTEGER REFERENCES links (id) ON DELETE SET NULL;
ALTER TABLE uploads ADD COLUMN browser BLOB CHECK (length(browser) = 32);
CREATE INDEX uploads_by_link ON uploads (link_id);

-- The CRC-32 of a content, which a ZIP archive needs behind it and in its directory: noted when it was first computed.

ALTER TABLE versions ADD COLUMN crc32 INTEGER CHECK (crc32 BETWEEN 0 AND 4294967295);    -- NULL: not computed yet

CREATE INDEX links_by_end ON links (expires_at) WHERE expires_at IS NOT NULL;

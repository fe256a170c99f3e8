-- The name that a client gave an upload, apart from its id: the name may be given again once the upload has
-- ended, the id may not. A request by name gets the id of the upload that has the name at that moment.
ALTER TABLE uploads ADD COLUMN name TEXT;   -- NULL: the server named it
UPDATE uploads SET name = metadata WHERE door = 'chunks';
CREATE UNIQUE INDEX uploads_by_name ON uploads (user_id, door, name) WHERE name IS NOT NULL;

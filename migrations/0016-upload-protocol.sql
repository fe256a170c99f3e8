-- The protocol that an upload speaks, by its name in JSON and in the documents.
ALTER TABLE uploads RENAME COLUMN door TO protocol;

-- A removed user stays as a name in the history of stored and deleted files.

ALTER TABLE users ADD COLUMN removed_at INTEGER; -- NULL while the account exists

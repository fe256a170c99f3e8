-- A removed user stays as a name for the history of what he stored and deleted.

ALTER TABLE users ADD COLUMN removed_at INTEGER; -- NULL while the account exists

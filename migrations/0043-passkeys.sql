-- Passkeys: keys of a person's device or password manager that sign in to the pages.

CREATE TABLE passkeys (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id BLOB NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    public_key TEXT NOT NULL,               -- a COSE key (RFC 9052, section 7) as JSON
    sign_count INTEGER NOT NULL,            -- of its last use; 0 if it does not count
    is_backup_eligible INTEGER NOT NULL CHECK (is_backup_eligible IN (0, 1)),  -- may be on several devices; never changes
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER                    -- NULL until its first use
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id, id);

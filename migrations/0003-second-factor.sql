-- A second factor per user, and codes that open the account when the device is lost.

CREATE TABLE second_factors (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret BLOB NOT NULL CHECK (length(secret) = 20),
    last_step INTEGER NOT NULL DEFAULT 0,   -- step of the newest used code: no code opens twice
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER                    -- NULL until its first code came
) STRICT;

CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hmac BLOB NOT NULL CHECK (length(code_hmac) = 32),
    PRIMARY KEY (user_id, code_hmac)        -- removed when used
) STRICT, WITHOUT ROWID;

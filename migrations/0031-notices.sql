-- Addresses of people, and the mails that tell them what happened.

CREATE TABLE contacts (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    mail TEXT NOT NULL,                     -- empty: none
    language TEXT NOT NULL,                 -- a tag such as de
    notices TEXT NOT NULL,                  -- on, off or digest
    substitute_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    substitute_until INTEGER                -- the first moment after it
) STRICT;
CREATE INDEX contacts_by_substitute ON contacts (substitute_id);

-- A mail: what is told to one recipient at once.
CREATE TABLE notices (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,  -- part of the mail's Message-ID
    recipient TEXT NOT NULL,                -- u and the number of the account, or a and an address
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,    -- NULL: a recipient without an account
    topic TEXT NOT NULL,
    space_id BLOB,                          -- NULL: of several spaces
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER,                        -- NULL: it has ended
    ended_at INTEGER,
    fault TEXT                              -- of the last attempt
) STRICT;
CREATE INDEX notices_by_user ON notices (user_id);
CREATE INDEX notices_due ON notices (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX notices_by_recipient ON notices (recipient, created_at);
CREATE INDEX notices_by_state ON notices (state, ended_at);

-- One event that one recipient is told, and the mail that does it.
CREATE TABLE news (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,                   -- e and the number of the event, or another reason
    recipient TEXT NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    instead_of INTEGER REFERENCES users (id) ON DELETE SET NULL,    -- the person on holiday
    topic TEXT NOT NULL,
    space_id BLOB NOT NULL,
    version_id INTEGER,                     -- the content, which may be gone
    at INTEGER NOT NULL,
    notice_id INTEGER REFERENCES notices (id) ON DELETE CASCADE,    -- NULL: not in a mail yet
    UNIQUE (origin, recipient)
) STRICT;
CREATE INDEX news_by_user ON news (user_id);
CREATE INDEX news_by_absent ON news (instead_of);
CREATE INDEX news_by_notice ON news (notice_id);
CREATE INDEX news_waiting ON news (recipient, topic, space_id) WHERE notice_id IS NULL;

-- The office as clients see it. Texts are empty where the office gave none.

CREATE TABLE office (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    phone TEXT NOT NULL,
    mail TEXT NOT NULL,
    web TEXT NOT NULL,
    imprint TEXT NOT NULL,
    privacy TEXT NOT NULL,
    privacy_version INTEGER NOT NULL,       -- 1 more with each change of that text
    accessibility TEXT NOT NULL,
    zone TEXT                               -- name in the database of time zones; NULL: the system's
) STRICT;

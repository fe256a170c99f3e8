-- The state of a content: almost always, every reader of the file may read it.

ALTER TABLE versions ADD COLUMN state TEXT NOT NULL DEFAULT 'visible'
    CHECK (state IN ('visible', 'held', 'quarantined', 'restricted'));

-- Nearly empty. Every lookup of an entry asks it whether the entry's content is withheld, and needs nothing else.
CREATE INDEX versions_withheld ON versions (entry_id, id, state, author_id) WHERE state <> 'visible';

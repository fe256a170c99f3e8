-- Dead properties belong to their setter: the office, or the guests of one link. A guest's properties and the
-- office's of the same name lie beside each other. Earlier ones count as the office's.
-- No reference to links: rows of a link that ended are removed in steps (library::upkeep), as there may be many.

DROP TRIGGER entries_go;

CREATE TABLE properties_by_setter (
    entry_id INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    link_id INTEGER NOT NULL DEFAULT 0, -- the link whose guest set it; 0: the office
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,                -- the whole element as XML, namespaces declared
    PRIMARY KEY (entry_id, link_id, namespace, name)
) STRICT, WITHOUT ROWID;
INSERT INTO properties_by_setter (entry_id, namespace, name, value)
    SELECT entry_id, namespace, name, value FROM properties;
-- With it go its triggers; the sums that they kept stay as they are.
DROP TABLE properties;
ALTER TABLE properties_by_setter RENAME TO properties;
CREATE INDEX properties_of_guests ON properties (link_id) WHERE link_id > 0;

-- As in 0009.
CREATE TRIGGER properties_come AFTER INSERT ON properties BEGIN
    UPDATE spaces SET property_bytes = property_bytes
        + length(CAST(NEW.namespace AS BLOB)) + length(CAST(NEW.name AS BLOB)) + length(CAST(NEW.value AS BLOB))
    WHERE id = (SELECT space_id FROM entries WHERE id = NEW.entry_id);
END;

CREATE TRIGGER properties_change AFTER UPDATE OF value ON properties BEGIN
    UPDATE spaces SET property_bytes = property_bytes
        + length(CAST(NEW.value AS BLOB)) - length(CAST(OLD.value AS BLOB))
    WHERE id = (SELECT space_id FROM entries WHERE id = NEW.entry_id);
END;

CREATE TRIGGER properties_go AFTER DELETE ON properties BEGIN
    UPDATE spaces SET property_bytes = property_bytes
        - length(CAST(OLD.namespace AS BLOB)) - length(CAST(OLD.name AS BLOB)) - length(CAST(OLD.value AS BLOB))
    WHERE id = (SELECT space_id FROM entries WHERE id = OLD.entry_id);
END;

CREATE TRIGGER entries_go BEFORE DELETE ON entries BEGIN
    DELETE FROM properties WHERE entry_id = OLD.id;
END;

-- Dead properties count against the quota of their space, also those of entries in the trash, until they are gone
-- for good. Triggers keep the sum, whichever statement adds or removes properties.
ALTER TABLE spaces ADD COLUMN property_bytes INTEGER NOT NULL DEFAULT 0 CHECK (property_bytes >= 0);

UPDATE spaces SET property_bytes = weighed.bytes FROM (
    SELECT space_id,
        sum(length(CAST(namespace AS BLOB)) + length(CAST(properties.name AS BLOB)) + length(CAST(value AS BLOB))) AS bytes
    FROM properties JOIN entries ON entries.id = entry_id GROUP BY space_id
) AS weighed WHERE weighed.space_id = spaces.id;

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

-- Before the entry goes: after it, its space could not be found any more.
CREATE TRIGGER entries_go BEFORE DELETE ON entries BEGIN
    DELETE FROM properties WHERE entry_id = OLD.id;
END;

-- The quota counts present files. Replaced and deleted ones have a bound of their own.
-- Triggers keep the sums, whichever statement adds or removes history.

ALTER TABLE spaces ADD COLUMN history_limit INTEGER CHECK (history_limit >= 0); -- NULL: as much as the quota
ALTER TABLE spaces ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 0          -- replaced contents and the trash
    CHECK (history_bytes >= 0);
ALTER TABLE spaces ADD COLUMN received_bytes INTEGER NOT NULL DEFAULT 0         -- arrived bytes of uploads
    CHECK (received_bytes >= 0);
ALTER TABLE versions ADD COLUMN history_of BLOB;    -- its space, once it is replaced

UPDATE versions SET history_of = (SELECT space_id FROM entries WHERE id = entry_id) WHERE replaced_at IS NOT NULL;
CREATE INDEX versions_history ON versions (history_of, replaced_at) WHERE history_of IS NOT NULL;

UPDATE spaces SET
    history_bytes = (SELECT coalesce(sum(size), 0) FROM versions WHERE history_of = spaces.id)
        + (SELECT coalesce(sum(size), 0) FROM trash JOIN entries ON entries.id = entry_id
           WHERE trash.space_id = spaces.id AND is_purging = 0),
    received_bytes = (SELECT coalesce(sum(received), 0) FROM uploads WHERE space_id = spaces.id);

CREATE TRIGGER versions_become_history AFTER UPDATE OF replaced_at ON versions
WHEN OLD.replaced_at IS NULL AND NEW.replaced_at IS NOT NULL BEGIN
    UPDATE versions SET history_of = (SELECT space_id FROM entries WHERE id = NEW.entry_id) WHERE id = NEW.id;
    UPDATE spaces SET history_bytes = history_bytes + NEW.size
    WHERE id = (SELECT space_id FROM entries WHERE id = NEW.entry_id);
END;

CREATE TRIGGER versions_leave_history AFTER UPDATE OF replaced_at ON versions
WHEN OLD.history_of IS NOT NULL AND NEW.replaced_at IS NULL BEGIN
    UPDATE versions SET history_of = NULL WHERE id = NEW.id;
    UPDATE spaces SET history_bytes = max(0, history_bytes - OLD.size) WHERE id = OLD.history_of;
END;

CREATE TRIGGER versions_go AFTER DELETE ON versions WHEN OLD.history_of IS NOT NULL BEGIN
    UPDATE spaces SET history_bytes = max(0, history_bytes - OLD.size) WHERE id = OLD.history_of;
END;

CREATE TRIGGER trash_comes AFTER INSERT ON trash WHEN NEW.is_purging = 0 BEGIN
    UPDATE spaces SET history_bytes = history_bytes + (SELECT size FROM entries WHERE id = NEW.entry_id)
    WHERE id = NEW.space_id;
END;

CREATE TRIGGER trash_is_purged AFTER UPDATE OF is_purging ON trash
WHEN OLD.is_purging = 0 AND NEW.is_purging = 1 BEGIN
    UPDATE spaces SET history_bytes = max(0, history_bytes - (SELECT size FROM entries WHERE id = NEW.entry_id))
    WHERE id = NEW.space_id;
END;

CREATE TRIGGER trash_goes AFTER DELETE ON trash WHEN OLD.is_purging = 0 BEGIN
    UPDATE spaces
    SET history_bytes = max(0, history_bytes - coalesce((SELECT size FROM entries WHERE id = OLD.entry_id), 0))
    WHERE id = OLD.space_id;
END;

-- Before the entry goes: after it, its size could not be found any more.
CREATE TRIGGER entries_leave_trash BEFORE DELETE ON entries BEGIN
    DELETE FROM trash WHERE entry_id = OLD.id;
END;

CREATE TRIGGER uploads_receive AFTER UPDATE OF received, space_id ON uploads BEGIN
    UPDATE spaces SET received_bytes = max(0, received_bytes - OLD.received) WHERE id = OLD.space_id;
    UPDATE spaces SET received_bytes = received_bytes + NEW.received WHERE id = NEW.space_id;
END;

CREATE TRIGGER uploads_go AFTER DELETE ON uploads BEGIN
    UPDATE spaces SET received_bytes = max(0, received_bytes - OLD.received) WHERE id = OLD.space_id;
END;

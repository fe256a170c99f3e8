-- A stored file writes fewer pages: without indexes that nothing needs, and without a second update of the replaced
-- version's row.

-- versions_history gives the same times, space by space.
DROP INDEX versions_replaced;
-- SQLite looks for referrers where a row goes. Rows of users and spaces stay, and nothing else asks.
DROP INDEX versions_by_author;
DROP INDEX containers_by_space;

-- replaced_at and history_of are set by the same statement.
DROP TRIGGER versions_become_history;
DROP TRIGGER versions_leave_history;

CREATE TRIGGER versions_become_history AFTER UPDATE OF history_of ON versions
WHEN OLD.history_of IS NULL AND NEW.history_of IS NOT NULL BEGIN
    UPDATE spaces SET history_bytes = history_bytes + NEW.size WHERE id = NEW.history_of;
END;

CREATE TRIGGER versions_leave_history AFTER UPDATE OF history_of ON versions
WHEN OLD.history_of IS NOT NULL AND NEW.history_of IS NULL BEGIN
    UPDATE spaces SET history_bytes = max(0, history_bytes - OLD.size) WHERE id = OLD.history_of;
END;

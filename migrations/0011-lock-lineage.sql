-- Where a lock lies: the hexadecimal ids of all folders above its entry, from the space's root down, and its
-- own, each after a slash. The locks below an entry are then a range of this index, however many locks there are
-- elsewhere. '0' follows '/', so the range of '/1/2f' ends before '/1/2f0'.
ALTER TABLE locks ADD COLUMN lineage TEXT NOT NULL DEFAULT '';
UPDATE locks SET lineage = (
    WITH RECURSIVE up (id, line) AS (
        SELECT locks.entry_id, printf('/%x', locks.entry_id)
        UNION ALL SELECT parent_id, printf('/%x', parent_id) || line
        FROM up JOIN entries USING (id) WHERE parent_id IS NOT NULL
    )
    SELECT line FROM up ORDER BY length(line) DESC LIMIT 1
);
CREATE INDEX locks_by_lineage ON locks (lineage, expires_at);

-- Used codes of a second factor, each by its time step: none opens twice. Not only the newest: a step
-- that was noted under a clock that ran ahead must not bar those of the right time.

CREATE TABLE used_codes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,  -- in the order of use; the oldest go
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    UNIQUE (user_id, step)
) STRICT;

INSERT INTO used_codes (user_id, step) SELECT user_id, last_step FROM second_factors WHERE last_step > 0;
ALTER TABLE second_factors DROP COLUMN last_step;

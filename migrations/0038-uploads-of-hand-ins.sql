-- A person without an account may send a file in parts, too: such an upload belongs to the hand-in that the file is for.
ALTER TABLE uploads ADD COLUMN hand_in_id INTEGER REFERENCES hand_ins (id) ON DELETE SET NULL;
CREATE INDEX uploads_by_hand_in ON uploads (hand_in_id);

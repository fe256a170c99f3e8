-- Links that open by a code which is sent to one mail address.

ALTER TABLE links ADD COLUMN code_to TEXT;      -- the address; NULL: no code

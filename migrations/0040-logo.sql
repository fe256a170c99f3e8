-- A picture that stands for the office at the top of its pages.
ALTER TABLE office ADD COLUMN logo BLOB;    -- a PNG or JPEG

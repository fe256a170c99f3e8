-- Rules of a space about the PDFs of what is held, and of how long the contents of known uploaders are held.

ALTER TABLE spaces ADD COLUMN pdf_after TEXT NOT NULL DEFAULT 'keep' CHECK (pdf_after IN ('keep', 'remove'));
ALTER TABLE spaces ADD COLUMN pdf_pages TEXT NOT NULL DEFAULT 'drawn' CHECK (pdf_pages IN ('drawn', 'pixels'));

ALTER TABLE grants ADD COLUMN hold_ms INTEGER CHECK (hold_ms > 0);     -- NULL: as the space holds what arrives

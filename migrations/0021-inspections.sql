-- What a look into a held content found, and what a space holds.

ALTER TABLE holds ADD COLUMN kind TEXT;         -- a word of model::ContentKind; NULL before the first look
ALTER TABLE holds ADD COLUMN labels TEXT;       -- words of model::Label, separated by blanks
ALTER TABLE holds ADD COLUMN obstacle TEXT;     -- a word of model::Obstacle; NULL if all of it was looked at

ALTER TABLE spaces ADD COLUMN holds TEXT NOT NULL DEFAULT 'risky' CHECK (holds IN ('risky', 'all'));

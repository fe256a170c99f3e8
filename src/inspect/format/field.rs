//! Instructions of fields in Word's documents, and formulas: those that load or start something.

use crate::inspect::notes::Notes;
use crate::model::Label;

/// Fields that load something from elsewhere.
const LOADING: [&str; 8] =
    ["INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "IMPORT", "LINK", "RD", "DATABASE", "AUTOTEXTLIST"];

/// Notes the effect of a field's instruction. The instruction of a field inside it may be a part of it.
pub(super) fn note_instruction(instruction: &str, notes: &mut Notes) {
    let words: Vec<String> = instruction
        .split(|character: char| {
            character.is_whitespace() || character.is_control() || "\"“”".contains(character)
        })
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase)
        .collect();
    let Some(first) = words.first() else { return };
    let is_number = |word: &String| word.bytes().all(|digit| digit.is_ascii_digit());
    // A field that prints characters by their numbers has no use but to hide the name of another field.
    let is_hidden = first == "QUOTE" && words.iter().filter(|word| is_number(word)).count() > 2;
    if is_hidden || words.iter().any(|word| word == "DDE" || word == "DDEAUTO") {
        notes.label(Label::Dde);
    }
    if LOADING.contains(&first.as_str()) {
        notes.label(Label::ExternalContent);
    }
}

/// Collects the instructions of fields that are written in pieces: between the beginning of a field and its separator or
/// end.
#[derive(Default)]
pub(super) struct Fields {
    open: Vec<String>,
}

impl Fields {
    /// Most fields inside each other that are told apart.
    const MAX_DEPTH: usize = 64;

    pub(super) fn begin(&mut self) {
        if self.open.len() < Self::MAX_DEPTH {
            self.open.push(String::new());
        }
    }

    /// A piece of an instruction; it belongs to all open fields, because the result of an inner one is a part of the
    /// outer.
    pub(super) fn text(&mut self, text: &str) {
        if self.open.is_empty() {
            self.begin();
        }
        for field in &mut self.open {
            if field.len() < MAX_INSTRUCTION {
                field.push_str(text);
            }
        }
    }

    pub(super) fn end(&mut self, notes: &mut Notes) {
        if let Some(instruction) = self.open.pop() {
            note_instruction(&instruction, notes);
        }
    }

    /// At the end of the document: fields without an end count, too.
    pub(super) fn finish(mut self, notes: &mut Notes) {
        while !self.open.is_empty() {
            self.end(notes);
        }
    }
}

/// Most bytes of an instruction that are looked at, before the piece that exceeds it.
const MAX_INSTRUCTION: usize = 64 << 10;

/// Notes a formula in a table of text that starts a program: `=cmd|'/c calc'!A1`.
pub(in crate::inspect) fn note_formulas(text: &str, notes: &mut Notes) {
    let is_link = |cell: &str| {
        let cell = cell.trim_start_matches([' ', '"', '\'']);
        cell.starts_with(['=', '+', '-', '@']) && is_dde_formula(cell)
    };
    if text.contains('|') && text.split(['\n', '\r', ',', ';', '\t']).any(is_link) {
        notes.label(Label::Dde);
    }
}

/// Whether a formula asks a program for data: `program|topic!item`.
pub(super) fn is_dde_formula(formula: &str) -> bool {
    formula.split_once('|').is_some_and(|(_, topic)| topic.contains('!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(take: impl FnOnce(&mut Notes)) -> Vec<Label> {
        let mut notes = Notes::new(0);
        take(&mut notes);
        notes.labels.into_iter().collect()
    }

    #[test]
    fn instructions_that_start_or_load_something_are_noted() {
        for (instruction, expected) in [
            ("DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe \"/k calc\"", &[Label::Dde][..]),
            (" dde excel x", &[Label::Dde]),
            ("IF 1 = 1 DDE", &[Label::Dde]),
            ("QUOTE 68 68 69 65", &[Label::Dde]),
            ("QUOTE \"Recht\"", &[]),
            ("includepicture \"http://x/y.png\" \\d", &[Label::ExternalContent]),
            ("HYPERLINK \"https://example.org/ddeauto\"", &[]),
            ("PAGE", &[]),
            ("", &[]),
        ] {
            assert_eq!(labels(|notes| note_instruction(instruction, notes)), expected, "{instruction}");
        }
    }

    #[test]
    fn instructions_in_pieces_are_put_together() {
        let mut fields = Fields::default();
        fields.begin();
        fields.text("DD");
        fields.begin();
        fields.text("EAU");
        assert_eq!(labels(|notes| fields.end(notes)), []);
        fields.text("TO x");
        assert_eq!(labels(|notes| fields.finish(notes)), [Label::Dde]);
    }

    #[test]
    fn formulas_in_text_that_start_a_program_are_noted() {
        for (text, is_noted) in [
            ("a;b\n1;=cmd|'/c calc'!A1", true),
            ("\"=MSEXCEL|'\\..\\..\\cmd.exe /c calc'!''\",2", true),
            ("@SUM(1)*cmd|' /C calc'!A0", true),
            ("a|b!c", false),
            ("=1+1", false),
            ("-- | -- !", true),
        ] {
            assert_eq!(!labels(|notes| note_formulas(text, notes)).is_empty(), is_noted, "{text}");
        }
    }
}

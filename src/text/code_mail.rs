//! The mail with a code that opens a link. It names no link and no file, and asks no person to click on anything.

use super::Language;
use super::sentences::sentences;
use crate::model::Office;

sentences! {
    /// Sentences of mails with codes.
    CodeMailTexts;

    subject(office: &str):
        de "Ihr Code für {office}",
        en "Your code for {office}";
    subject_plain:
        de "Ihr Code",
        en "Your code";
    greeting:
        de "Guten Tag,",
        en "Hello,";
    code(code: &str):
        de "Ihr Code: {code}",
        en "Your code: {code}";
    about:
        de "Geben Sie ihn auf der Seite ein, auf der Sie ihn angefordert haben. Er gilt zehn Minuten und nur einmal.",
        en "Enter it on the page on which you asked for it. It is good for ten minutes, and once.";
    unasked:
        de "Haben Sie keinen Code angefordert? Dann hat jemand den Link, der für Sie bestimmt ist. Ohne den Code öffnet er sich \
            nicht; sagen Sie uns bitte Bescheid.",
        en "You asked for no code? Then somebody has the link that is meant for you. It does not open without the code; please \
            tell us.";
}

impl CodeMailTexts {
    /// Subject and text of the mail.
    pub fn mail(self, code: &str, office: &Office) -> (String, String) {
        let language: Language = self.0;
        let subject = match office.name.as_str() {
            "" => self.subject_plain().to_owned(),
            name => self.subject(name),
        };
        let parts =
            [self.greeting().to_owned(), self.code(code), self.about().to_owned(), self.unasked().to_owned()];
        (subject, language.letter(&parts, office))
    }
}

//! The holding area in words: states, reasons, decisions, results of scans, kinds of contents and their labels.

use std::time::Duration;

use super::Language;
use crate::model::{ContentKind, HoldReason, HoldState, Label, Obstacle, VerdictKind};

impl Language {
    /// The state as a phrase after "it is".
    pub fn hold_state(self, state: HoldState) -> &'static str {
        match state {
            HoldState::Arrived => self.choose("eingegangen, wird geprüft", "being examined"),
            HoldState::Held => self.choose("zurückgehalten", "held"),
            HoldState::WaitingForSignatures => {
                self.choose("wartet auf neuere Virensignaturen", "waiting for newer signatures")
            }
            HoldState::NeedsDecision => self.choose("wartet auf Ihre Entscheidung", "waiting for a decision"),
            HoldState::Released => self.choose("freigegeben", "released"),
            HoldState::Quarantined => self.choose("in Quarantäne", "quarantined"),
            HoldState::Withdrawn => self.choose("zurückgezogen", "withdrawn"),
        }
    }

    /// Why a content is not released yet, as a phrase.
    pub fn hold_reason(self, reason: HoldReason) -> &'static str {
        match reason {
            HoldReason::NoScanner => {
                self.choose("es ist kein Virenscanner eingerichtet", "no virus scanner is set up")
            }
            HoldReason::ScannerFailed => {
                self.choose("der Virenscanner antwortet nicht", "the scanner does not answer")
            }
            HoldReason::ScannerNotTrusted => self.choose(
                "der Virenscanner erkennt das Testvirus nicht",
                "the scanner does not recognise a test virus",
            ),
            HoldReason::ScannerHidesLimits => self.choose(
                "der Virenscanner meldet nicht, was er wegen seiner Grenzen nicht prüft",
                "the scanner does not report what it skips because of its limits",
            ),
            HoldReason::SignaturesTooOld => {
                self.choose("die Virensignaturen sind veraltet", "the signatures are out of date")
            }
            HoldReason::SignaturesNotNewer => self.choose(
                "seit dem Eingang sind keine neueren Virensignaturen erschienen",
                "no signatures newer than its arrival were published yet",
            ),
            HoldReason::Unreadable => self.choose("sie kann nicht gelesen werden", "it cannot be read"),
            HoldReason::TooLarge => {
                self.choose("sie ist zu groß für die Prüfung", "it is too large to be scanned")
            }
            HoldReason::NotFullyScannable => {
                self.choose("sie kann nicht vollständig geprüft werden", "not all of it can be examined")
            }
            HoldReason::Encrypted => self.choose("sie ist verschlüsselt", "it is encrypted"),
            HoldReason::PartlyEncrypted => {
                self.choose("ein Teil von ihr ist noch verschlüsselt", "a part of it is still encrypted")
            }
            HoldReason::DangerousKind => self.choose(
                "sie ist oder enthält ein Programm oder Skript, oder sie täuscht über ihre Art",
                "it is or carries a program or script, or deceives about what it is",
            ),
            HoldReason::InspectionFailed => {
                self.choose("der Server kann sie nicht untersuchen", "the server cannot look into it")
            }
            HoldReason::Infected => self.choose("sie enthält Schadsoftware", "it contains malware"),
            HoldReason::MailQuarantined => self.choose(
                "in der E-Mail, mit der sie kam, wurde Schadsoftware gefunden",
                "malware was found in the mail that it came with",
            ),
            HoldReason::MassHit => self.choose(
                "dieselbe Signatur trifft auf viele Dateien zu und ist vielleicht falsch",
                "one signature finds something in many files and may be wrong",
            ),
            HoldReason::Kept => self.choose("jemand behält sie zurück", "a person keeps it"),
            HoldReason::QuarantinedByHand => {
                self.choose("jemand hat sie in Quarantäne genommen", "a person quarantined it")
            }
        }
    }

    /// The result of a scan as a phrase.
    pub fn verdict(self, verdict: VerdictKind) -> &'static str {
        match verdict {
            VerdictKind::Clean => self.choose("nichts gefunden", "nothing found"),
            VerdictKind::Infected => self.choose("Schadsoftware gefunden", "malware found"),
            VerdictKind::NotFullyScannable => {
                self.choose("nicht vollständig prüfbar", "not all of it could be examined")
            }
            VerdictKind::Encrypted => self.choose("verschlüsselt", "encrypted"),
            VerdictKind::NoAnswer => self.choose("keine Antwort", "no answer"),
        }
    }

    /// The kind of a content, as a noun.
    pub fn content_kind(self, kind: ContentKind) -> &'static str {
        match kind {
            ContentKind::Text => self.choose("Text", "text file"),
            ContentKind::Image => self.choose("Bild", "picture"),
            ContentKind::AudioVideo => self.choose("Ton oder Film", "sound or film"),
            ContentKind::Other => {
                self.choose("Datei, die kein Programm ausführt", "file that no program executes")
            }
            ContentKind::Unknown => self.choose("unbekanntes Format", "unknown format"),
            ContentKind::Pdf => self.choose("PDF-Dokument", "PDF document"),
            ContentKind::Mail => self.choose("E-Mail", "e-mail message"),
            ContentKind::Archive => self.choose("Archiv mit Dateien", "archive of files"),
            ContentKind::Office => self.choose("Office-Dokument", "office document"),
            ContentKind::Web => self.choose("HTML- oder SVG-Seite", "HTML or SVG page"),
            ContentKind::OneNote => self.choose("OneNote-Notizbuch", "OneNote notebook"),
            ContentKind::DiskImage => self.choose("Datenträgerabbild", "image of a disk"),
            ContentKind::Script => self.choose("Skript oder Verknüpfung", "script or shortcut"),
            ContentKind::Program => self.choose("Programm", "program file"),
        }
    }

    /// A fact about a content, as a phrase.
    pub fn label(self, label: Label) -> &'static str {
        match label {
            Label::Macros => self.choose("enthält Makros", "has macros"),
            Label::XlmMacros => self.choose("enthält Excel-4-Makros", "has Excel 4 macros"),
            Label::Dde => {
                self.choose("kann andere Programme starten (DDE)", "can start other programs (DDE)")
            }
            Label::OleObject => self.choose("enthält eingebettete Objekte", "has embedded objects"),
            Label::ActiveX => self.choose("enthält ActiveX-Steuerelemente", "has ActiveX controls"),
            Label::ExternalTemplate => {
                self.choose("lädt eine Vorlage von außen", "loads a template from elsewhere")
            }
            Label::ExternalObject => {
                self.choose("zeigt ein Objekt von außen", "shows an object from elsewhere")
            }
            Label::ExternalContent => self.choose("lädt Inhalte von außen", "loads content from elsewhere"),
            Label::Encrypted => {
                self.choose("ist ganz oder teilweise verschlüsselt", "is encrypted, at least in part")
            }
            Label::StandardPassword => self.choose(
                "ist verschlüsselt, öffnet sich aber ohne Nachfrage",
                "is encrypted, but opens without asking",
            ),
            Label::PasswordGiven => self.choose(
                "mit einem angegebenen Kennwort geöffnet und geprüft",
                "opened with a password that was given, and examined so",
            ),
            Label::JavaScript => self.choose("enthält JavaScript", "has JavaScript"),
            Label::Launch => {
                self.choose("startet Programme oder öffnet Dateien", "starts programs or opens files")
            }
            Label::EmbeddedFile => self.choose("enthält andere Dateien", "has other files in it"),
            Label::EInvoice => {
                self.choose("enthält eine elektronische Rechnung", "has an electronic invoice in it")
            }
            Label::Xfa => self.choose("enthält ein XFA-Formular", "has an XFA form"),
            Label::OpenAction => self.choose("führt beim Öffnen etwas aus", "acts when it is opened"),
            Label::RichMedia => {
                self.choose("enthält Ton, Film oder 3D-Modelle", "has sound, film or 3D models")
            }
            Label::NameMismatch => {
                self.choose("Name und Inhalt passen nicht zusammen", "name and content do not fit")
            }
            Label::Polyglot => self.choose("ist zugleich ein zweites Format", "is two formats at once"),
            Label::DeceptiveName => {
                self.choose("enthält irreführende Dateinamen", "has deceptive names in it")
            }
            Label::ContainsOffice => self.choose("enthält Office-Dokumente", "contains office documents"),
            Label::ContainsProgram => self.choose("enthält Programme", "contains programs"),
            Label::ContainsScript => {
                self.choose("enthält Skripte oder Verknüpfungen", "contains scripts or shortcuts")
            }
            Label::ContainsDiskImage => {
                self.choose("enthält Datenträgerabbilder", "contains images of disks")
            }
            Label::ContainsOneNote => {
                self.choose("enthält OneNote-Notizbücher", "contains OneNote notebooks")
            }
            Label::ContainsWeb => self.choose("enthält HTML- oder SVG-Seiten", "contains HTML or SVG pages"),
        }
    }

    /// Why not all of a content could be looked at, as a phrase.
    pub fn obstacle(self, obstacle: Obstacle) -> &'static str {
        match obstacle {
            Obstacle::Encrypted => self.choose("ein Teil ist verschlüsselt", "a part is encrypted"),
            Obstacle::UnreadableFormat => self.choose(
                "ein Teil hat ein Format, das hier nicht gelesen wird",
                "a part has a format that is not read here",
            ),
            Obstacle::Damaged => self.choose("ein Teil ist beschädigt", "a part is damaged"),
            Obstacle::Ambiguous => self.choose(
                "verschiedene Programme können sie verschieden lesen",
                "two programs could read it differently",
            ),
            Obstacle::NestedTooDeep => {
                self.choose("sie ist zu tief verschachtelt", "it is nested too deeply")
            }
            Obstacle::TooManyMembers => {
                self.choose("sie enthält zu viele Dateien", "it has too many members")
            }
            Obstacle::Ratio => {
                self.choose("sie wächst beim Entpacken zu stark", "it grows too much when expanded")
            }
            Obstacle::TooLargeExpanded => {
                self.choose("sie ist entpackt zu groß", "it is too large when expanded")
            }
            Obstacle::NotFinished => {
                self.choose("die Untersuchung wurde nicht fertig", "the look into it did not finish")
            }
        }
    }

    /// The time until something, rounded down to minutes: `noch 3 Std. 20 Min.`; in days from two on.
    pub fn time_left(self, left: Duration) -> String {
        let minutes = left.as_secs() / 60;
        let (days, hours, minutes) = (minutes / 1_440, minutes / 60, minutes % 60);
        let text = match (self, days, hours, minutes) {
            (_, 0, 0, 0) => {
                return self.choose("noch weniger als eine Minute", "less than a minute left").to_owned();
            }
            (Self::German, 0 | 1, 0, _) => format!("{minutes} Min."),
            (Self::English, 0 | 1, 0, _) => format!("{minutes} min"),
            (Self::German, 0 | 1, _, _) => format!("{hours} Std. {minutes} Min."),
            (Self::English, 0 | 1, _, _) => format!("{hours} h {minutes} min"),
            (Self::German, _, _, _) => format!("{days} Tage {} Std.", hours % 24),
            (Self::English, _, _, _) => format!("{days} days {} h", hours % 24),
        };
        match self {
            Self::German => format!("noch {text}"),
            Self::English => format!("{text} left"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_as_people_say_it() {
        let (minute, hour) = (60, 3_600);
        for (seconds, german, english) in [
            (0, "noch weniger als eine Minute", "less than a minute left"),
            (59, "noch weniger als eine Minute", "less than a minute left"),
            (minute, "noch 1 Min.", "1 min left"),
            (hour - 1, "noch 59 Min.", "59 min left"),
            (3 * hour + 20 * minute, "noch 3 Std. 20 Min.", "3 h 20 min left"),
            (48 * hour - 1, "noch 47 Std. 59 Min.", "47 h 59 min left"),
            (75 * hour, "noch 3 Tage 3 Std.", "3 days 3 h left"),
        ] {
            let left = |language: Language| language.time_left(Duration::from_secs(seconds));
            assert_eq!((left(Language::German), left(Language::English)), (german.into(), english.into()));
        }
    }

    #[test]
    fn every_word_about_contents_is_translated_and_its_own() {
        let all = |language: Language| {
            let kinds = ContentKind::ALL.iter().map(move |kind| language.content_kind(*kind));
            let labels = Label::ALL.iter().map(move |label| language.label(*label));
            let obstacles = Obstacle::ALL.iter().map(move |obstacle| language.obstacle(*obstacle));
            let verdicts = VerdictKind::ALL.iter().map(move |verdict| language.verdict(*verdict));
            kinds.chain(labels).chain(obstacles).chain(verdicts).collect::<Vec<_>>()
        };
        let (german, english) = (all(Language::German), all(Language::English));
        for words in [&german, &english] {
            let distinct: std::collections::BTreeSet<_> = words.iter().collect();
            assert_eq!(distinct.len(), words.len(), "{words:?}");
        }
        assert!(german.iter().zip(&english).all(|(german, english)| german != english));
    }
}

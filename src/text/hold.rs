//! The holding area in words: states and reasons.

use super::Language;
use crate::model::{HoldReason, HoldState};

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
            HoldReason::DangerousKind => self.choose(
                "sie ist oder enthält ein Programm oder Skript, oder sie täuscht über ihre Art",
                "it is or carries a program or script, or deceives about what it is",
            ),
            HoldReason::InspectionFailed => {
                self.choose("der Server kann sie nicht untersuchen", "the server cannot look into it")
            }
            HoldReason::Infected => self.choose("sie enthält Schadsoftware", "it contains malware"),
            HoldReason::MailQuarantined => self.choose(
                "die E-Mail, mit der sie kam, ist in Quarantäne",
                "the mail that it came with is in quarantine",
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
}

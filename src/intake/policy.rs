//! The treatment of a content in which the first scan found nothing, by its kind and labels.
//!
//! | content | becomes |
//! |---|---|
//! | not all of it could be looked at | waits for a person |
//! | program, script, shortcut, disk image, OneNote, HTML, SVG; an archive, mail or document with one of these | waits for a person |
//! | document of an office program; archive or mail with one | held |
//! | PDF that acts, carries files or has an XFA form; a name that contradicts the content; an unknown format | held |
//! | text, picture, sound, film, plain PDF (with an electronic invoice, too); archive or mail with nothing else | released, unless the space holds everything |

use crate::model::{ContentKind, HoldReason, HoldScope, Label, Look, Obstacle};

/// The treatment of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// The first scan is enough.
    Release,
    /// It is held until its time is over and scanned again.
    Hold,
    /// A person decides.
    Decide(HoldReason),
}

/// The treatment of a content in a space that holds contents by `scope`; `None` is a content that nothing looked
/// into.
pub(super) fn treatment(look: Option<&Look>, scope: HoldScope) -> Treatment {
    let Some(look) = look else { return Treatment::Hold };
    match look.obstacle {
        Some(Obstacle::Encrypted) if look.labels.contains(&Label::PasswordGiven) => {
            return Treatment::Decide(HoldReason::PartlyEncrypted);
        }
        Some(Obstacle::Encrypted) => return Treatment::Decide(HoldReason::Encrypted),
        Some(_) => return Treatment::Decide(HoldReason::NotFullyScannable),
        None => {}
    }
    let has = |labels: &[Label]| labels.iter().any(|label| look.labels.contains(label));
    if is_dangerous(look.kind) || has(&DANGEROUS) {
        return Treatment::Decide(HoldReason::DangerousKind);
    }
    let is_harmless = matches!(
        look.kind,
        ContentKind::Text
            | ContentKind::Image
            | ContentKind::AudioVideo
            | ContentKind::Other
            | ContentKind::Pdf
            | ContentKind::Mail
            | ContentKind::Archive
    );
    // Every other label is a reason to hold: those of a PDF that acts, of an archive with an office document.
    let is_plain = look.labels.iter().all(|label| matches!(label, Label::EInvoice | Label::PasswordGiven));
    match scope == HoldScope::Risky && is_harmless && is_plain {
        true => Treatment::Release,
        false => Treatment::Hold,
    }
}

/// Labels of a content that carries something dangerous, or deceives about its kind.
const DANGEROUS: [Label; 7] = [
    Label::ContainsProgram,
    Label::ContainsScript,
    Label::ContainsDiskImage,
    Label::ContainsOneNote,
    Label::ContainsWeb,
    Label::Polyglot,
    Label::DeceptiveName,
];

fn is_dangerous(kind: ContentKind) -> bool {
    matches!(
        kind,
        ContentKind::Program
            | ContentKind::Script
            | ContentKind::DiskImage
            | ContentKind::OneNote
            | ContentKind::Web
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(kind: ContentKind, labels: &[Label], obstacle: Option<Obstacle>) -> Look {
        Look { kind, labels: labels.iter().copied().collect(), obstacle }
    }

    #[test]
    fn each_kind_has_its_treatment() {
        use ContentKind::{
            Archive, AudioVideo, DiskImage, Image, Mail, Office, OneNote, Other, Pdf, Program, Script, Text,
            Unknown, Web,
        };
        let dangerous = Treatment::Decide(HoldReason::DangerousKind);
        for kind in ContentKind::ALL {
            let expected = match kind {
                Text | Image | AudioVideo | Other | Pdf | Mail | Archive => Treatment::Release,
                Unknown | Office => Treatment::Hold,
                Web | OneNote | DiskImage | Script | Program => dangerous,
            };
            assert_eq!(treatment(Some(&look(*kind, &[], None)), HoldScope::Risky), expected, "{kind}");
            // A space that holds everything releases nothing, and asks for the same decisions.
            let all = if expected == Treatment::Release { Treatment::Hold } else { expected };
            assert_eq!(treatment(Some(&look(*kind, &[], None)), HoldScope::All), all, "{kind}");
        }
    }

    #[test]
    fn no_label_but_of_an_invoice_or_a_password_is_released_by_the_first_scan() {
        for label in Label::ALL {
            for kind in [ContentKind::Pdf, ContentKind::Archive, ContentKind::Text] {
                let found = treatment(Some(&look(kind, &[*label], None)), HoldScope::Risky);
                let expected = match label {
                    Label::EInvoice | Label::PasswordGiven => Treatment::Release,
                    label if DANGEROUS.contains(label) => Treatment::Decide(HoldReason::DangerousKind),
                    _ => Treatment::Hold,
                };
                assert_eq!(found, expected, "{kind} {label}");
            }
        }
    }

    #[test]
    fn what_was_not_seen_whole_waits_for_a_person() {
        for obstacle in Obstacle::ALL {
            for kind in ContentKind::ALL {
                let found = treatment(Some(&look(*kind, &[], Some(*obstacle))), HoldScope::Risky);
                assert!(matches!(found, Treatment::Decide(_)), "{kind} {obstacle}");
            }
        }
        let partly =
            look(ContentKind::Mail, &[Label::Encrypted, Label::PasswordGiven], Some(Obstacle::Encrypted));
        let expected = Treatment::Decide(HoldReason::PartlyEncrypted);
        assert_eq!(treatment(Some(&partly), HoldScope::Risky), expected);
        assert_eq!(treatment(None, HoldScope::Risky), Treatment::Hold);
    }
}

//! Answers of the child as JSON: an [`Inspection`], which the command prints, too, with or without what passwords opened, and
//! a [`MailHead`], and a report about a mail.

use serde::{Deserialize, Serialize};

use super::keys::Tried;
use super::{Inspection, MailHead};
use crate::model::{ContentKind, DeliveryAction, DeliveryReport, Label, MAX_DIAGNOSTIC, Obstacle};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    kind: String,
    labels: Vec<String>,
    obstacle: Option<String>,
    members: u32,
}

impl Answer {
    fn of(found: &Inspection) -> Self {
        Self {
            kind: found.kind.to_string(),
            labels: found.labels.iter().map(ToString::to_string).collect(),
            obstacle: found.obstacle.map(|obstacle| obstacle.to_string()),
            members: found.members,
        }
    }

    fn understood(self) -> Option<Inspection> {
        Some(Inspection {
            kind: ContentKind::from_word(&self.kind)?,
            labels: self.labels.iter().map(|word| Label::from_word(word)).collect::<Option<_>>()?,
            obstacle: match self.obstacle {
                None => None,
                Some(word) => Some(Obstacle::from_word(&word)?),
            },
            members: self.members,
        })
    }
}

impl Inspection {
    /// `{"kind", "labels", "obstacle", "members"}` with the words of `model`; `obstacle` is `null` if all was looked at.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Answer::of(self)).expect("words and a number")
    }
}

/// Understands a whole answer.
pub(super) fn read(text: &[u8]) -> Option<Inspection> {
    serde_json::from_slice::<Answer>(text).ok()?.understood()
}

/// The result of an examination: a look, and the state of encrypted parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The findings of a look, also in opened parts. PDFs that were handed out closed are not in it.
    pub inspection: Inspection,
    /// The parts that passwords opened, without these PDFs.
    pub tried: Tried,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExaminedAnswer {
    look: Answer,
    tried: Tried,
}

impl Examined {
    /// For [`read_examined`].
    pub(super) fn to_json(&self) -> String {
        let answer = ExaminedAnswer { look: Answer::of(&self.inspection), tried: self.tried };
        serde_json::to_string(&answer).expect("words and numbers")
    }
}

/// Understands a whole answer of an examination.
pub(super) fn read_examined(text: &[u8]) -> Option<Examined> {
    let ExaminedAnswer { look, tried } = serde_json::from_slice(text).ok()?;
    Some(Examined { inspection: look.understood()?, tried })
}

/// Most bytes of a text that names a mail. Two of these fit an answer, whatever characters they have.
const MAX_HEAD_TEXT: usize = 900;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    subject: Option<String>,
    from: Option<String>,
    is_automatic: bool,
}

impl MailHead {
    /// For [`read_head`]: the texts without control characters, and cut where they are too long.
    pub(super) fn to_json(&self) -> String {
        let bounded = |text: &Option<String>| {
            let text: String = text.as_ref()?.chars().filter(|character| !character.is_control()).collect();
            let end = text.floor_char_boundary(MAX_HEAD_TEXT);
            Some(text.get(..end)?.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let head = Head {
            subject: bounded(&self.subject),
            from: bounded(&self.from),
            is_automatic: self.is_automatic,
        };
        serde_json::to_string(&head).expect("texts and a word")
    }
}

/// Understands a whole answer about a head.
pub(super) fn read_head(text: &[u8]) -> Option<MailHead> {
    let Head { subject, from, is_automatic } = serde_json::from_slice(text).ok()?;
    let is_text = |text: &Option<String>| {
        text.as_ref().is_none_or(|text| !text.is_empty() && !text.contains(char::is_control))
    };
    (is_text(&subject) && is_text(&from)).then_some(MailHead { subject, from, is_automatic })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    action: String,
    status: String,
    diagnostic: String,
}

/// Most bytes of a status code: a digit and two numbers of three.
const MAX_STATUS: usize = 9;

/// A report for [`read_report`], `null` for none: its text in one line without control characters, and cut where it is too long.
pub(super) fn report(report: Option<&DeliveryReport>) -> String {
    let report = report.map(|report| {
        let line: String = report.diagnostic.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let end = line.floor_char_boundary(MAX_DIAGNOSTIC);
        Report {
            action: report.action.to_string(),
            status: report.status.clone(),
            diagnostic: line.get(..end).unwrap_or_default().to_owned(),
        }
    });
    serde_json::to_string(&report).expect("words and a text")
}

/// Understands a whole answer about a report.
pub(super) fn read_report(text: &[u8]) -> Option<DeliveryReport> {
    let Report { action, status, diagnostic } = serde_json::from_slice::<Option<Report>>(text).ok()??;
    let is_status = status.len() <= MAX_STATUS && status.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let is_line = diagnostic.len() <= MAX_DIAGNOSTIC && !diagnostic.contains(char::is_control);
    let action = DeliveryAction::from_word(&action).filter(|_| is_status && is_line)?;
    Some(DeliveryReport { action, status, diagnostic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_is_one() {
        let found = Inspection {
            kind: ContentKind::Office,
            labels: [Label::Dde, Label::Macros].into(),
            obstacle: Some(Obstacle::Ratio),
            members: 7,
        };
        let text = found.to_json();
        assert_eq!(read(text.as_bytes()), Some(found));
        for length in 0..text.len() {
            assert_eq!(read(&text.as_bytes()[..length]), None, "{length}");
        }
        let tried = Tried { given: 3, is_wrong: true, ..Tried::default() };
        let examined = Examined { inspection: read(text.as_bytes()).unwrap(), tried };
        let whole = examined.to_json();
        assert_eq!(read_examined(whole.as_bytes()), Some(examined));
        assert_eq!(read_examined(text.as_bytes()), None);
        for length in 0..whole.len() {
            assert_eq!(read_examined(&whole.as_bytes()[..length]), None, "{length}");
        }
        for (from, to) in
            [("office", "of"), ("dde", "ddd"), ("ratio", ""), ("}", "}}"), ("7", "-7"), ("7", "7,\"x\":1")]
        {
            assert_eq!(read(text.replacen(from, to, 1).as_bytes()), None, "{from} {to}");
        }
    }

    #[test]
    fn reports_are_bounded() {
        let long = "\"\u{7}ü".repeat(MAX_DIAGNOSTIC);
        let wanted = DeliveryReport {
            action: DeliveryAction::Failed,
            status: "5.1.1".into(),
            diagnostic: format!("a\r\n\tb {long}"),
        };
        let text = report(Some(&wanted));
        assert!(text.len() as u64 <= crate::inspect::MAX_ANSWER, "{text}");
        let read = read_report(text.as_bytes()).unwrap();
        assert!(read.diagnostic.starts_with("a b \" ü") && read.diagnostic.len() <= MAX_DIAGNOSTIC);
        assert_eq!(read_report(report(None).as_bytes()), None);
        for length in 0..text.len() {
            assert_eq!(read_report(&text.as_bytes()[..length]), None, "{length}");
        }
        for (from, to) in
            [("failed", "relayed"), ("5.1.1", "5.1.1\\n"), ("5.1.1", "1234567890"), ("a b", "a\\nb")]
        {
            assert_eq!(read_report(text.replacen(from, to, 1).as_bytes()), None, "{to}");
        }
    }

    #[test]
    fn heads_are_bounded() {
        let head = |subject: &str| MailHead { subject: Some(subject.to_owned()), ..MailHead::default() };
        for (subject, expected) in [
            ("Kündigung".to_owned(), Some("Kündigung".to_owned())),
            (" a\n\u{85}b ".to_owned(), Some("ab".to_owned())),
            ("\n".to_owned(), None),
            ("\"".repeat(MAX_HEAD_TEXT + 1), Some("\"".repeat(MAX_HEAD_TEXT))),
            (
                "a".to_owned() + &"ü".repeat(MAX_HEAD_TEXT),
                Some("a".to_owned() + &"ü".repeat(MAX_HEAD_TEXT / 2 - 1)),
            ),
        ] {
            let text = MailHead { from: Some(subject.clone()), ..head(&subject) }.to_json();
            assert!(text.len() as u64 <= crate::inspect::MAX_ANSWER, "{text}");
            assert_eq!(read_head(text.as_bytes()).unwrap().subject, expected);
        }
        for text in ["", "{}", "{\"subject\":\"\",\"from\":null,\"is_automatic\":false}"] {
            assert_eq!(read_head(text.as_bytes()), None, "{text}");
        }
        let control = "{\"subject\":\"\\u0001\",\"from\":null,\"is_automatic\":false}";
        assert_eq!(read_head(control.as_bytes()), None);
    }
}

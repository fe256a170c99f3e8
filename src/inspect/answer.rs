//! An [`Inspection`] as JSON: what the child answers, and what the command prints.

use serde::{Deserialize, Serialize};

use super::Inspection;
use crate::model::{ContentKind, Label, Obstacle};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    kind: String,
    labels: Vec<String>,
    obstacle: Option<String>,
    members: u32,
}

impl Inspection {
    /// `{"kind", "labels", "obstacle", "members"}` with the words of `model`; `obstacle` is `null` if all was looked at.
    pub fn to_json(&self) -> String {
        let answer = Answer {
            kind: self.kind.to_string(),
            labels: self.labels.iter().map(ToString::to_string).collect(),
            obstacle: self.obstacle.map(|obstacle| obstacle.to_string()),
            members: self.members,
        };
        serde_json::to_string(&answer).expect("words and a number")
    }
}

/// Understands a whole answer.
pub(super) fn read(text: &[u8]) -> Option<Inspection> {
    let answer: Answer = serde_json::from_slice(text).ok()?;
    Some(Inspection {
        kind: ContentKind::from_word(&answer.kind)?,
        labels: answer.labels.iter().map(|word| Label::from_word(word)).collect::<Option<_>>()?,
        obstacle: match answer.obstacle {
            None => None,
            Some(word) => Some(Obstacle::from_word(&word)?),
        },
        members: answer.members,
    })
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
        for (from, to) in
            [("office", "of"), ("dde", "ddd"), ("ratio", ""), ("}", "}}"), ("7", "-7"), ("7", "7,\"x\":1")]
        {
            assert_eq!(read(text.replacen(from, to, 1).as_bytes()), None, "{from} {to}");
        }
    }
}

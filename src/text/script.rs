//! A table of sentences as the script of a page gets it: the places are filled in there.

use std::collections::BTreeMap;

use super::{Language, Sentence};

/// All sentences by their names, as JSON; `{name}` marks a place to fill in.
pub(super) fn json(all: &[Sentence], language: Language) -> String {
    let in_language = |sentence: &Sentence| match language {
        Language::German => sentence.german,
        Language::English => sentence.english,
    };
    let words: BTreeMap<_, _> = all.iter().map(|sentence| (sentence.name, in_language(sentence))).collect();
    serde_json::json!(words).to_string()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A sentence that the script needs and the server does not send would be shown as "undefined".
    pub(in crate::text) fn assert_known(all: &[Sentence], source: &str) {
        let wanted: Vec<_> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("readonly ")?.strip_suffix(": string"))
            .collect();
        let sent: Vec<_> = all.iter().map(|sentence| sentence.name).collect();
        assert_eq!(wanted, sent);
    }

    #[test]
    fn a_script_gets_every_sentence_with_its_places() {
        let all = [Sentence { name: "sending", german: "wird gesendet, {percent} %", english: "x" }];
        assert_eq!(json(&all, Language::German), r#"{"sending":"wird gesendet, {percent} %"}"#);
    }
}

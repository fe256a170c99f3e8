//! The search by name on the pages that list all people and spaces.

use maud::{Markup, html};

use super::Office;
use super::address::Address;
use crate::http::page::form::field;
use crate::model::SearchText;
use crate::text::ServerTexts;

/// A part of a name that a person looks for.
pub(super) struct AskedName {
    text: String,
    /// `None` if the text holds no word: then every name fits.
    words: Option<SearchText>,
}

impl AskedName {
    /// Whether a name has all words.
    pub(super) fn fits(&self, name: &str) -> bool {
        let mut room = String::new();
        self.words.as_ref().is_none_or(|words| words.is_whole(words.words_in(name, &mut room)))
    }
}

impl Office<'_> {
    /// The search of the page's query.
    pub(super) fn asked_name(&self) -> AskedName {
        let text = field(self.desk.query().as_bytes(), "q").unwrap_or_default().trim().to_owned();
        AskedName { words: SearchText::parse(&text).ok(), text }
    }

    /// The form of the search.
    pub(super) fn search(&self, here: &Address, asked: &AskedName) -> Markup {
        let texts = ServerTexts(self.desk.language);
        html! {
            form.filter method="get" action=(here.path()) role="search" {
                label {
                    (texts.find())
                    input type="search" name="q" value=(asked.text) maxlength=(SearchText::MAX_BYTES) autocomplete="off";
                }
                button { (texts.search()) }
            }
        }
    }
}

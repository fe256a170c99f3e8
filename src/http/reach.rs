//! The fields of the forms about mails to a person with an account.

use maud::{Markup, html};

use super::page::folder::shown_name;
use super::page::form::field;
use crate::admin::Request;
use crate::model::NoticeWish;
use crate::text::{Language, ReachTexts};

/// How a person is reached.
pub(super) struct Reach {
    /// Tag of the language of mails.
    pub(super) language: String,
    /// A word of [`NoticeWish`].
    pub(super) notices: String,
    /// Name of the substitute, and the last day, such as `2026-12-31`.
    pub(super) substitute: Option<(String, String)>,
}

impl Reach {
    /// The fields. `others` are the names of possible substitutes; without any, there is no substitute to choose.
    pub(super) fn fields(&self, language: Language, others: &[String]) -> Markup {
        let texts = ReachTexts(language);
        let wishes = [
            (NoticeWish::On, texts.at_once()),
            (NoticeWish::Digest, texts.digest()),
            (NoticeWish::Off, texts.off()),
        ];
        let chosen = self.substitute.as_ref();
        html! {
            label {
                (texts.language())
                select name="language" {
                    @for language in [Language::German, Language::English] {
                        option value=(language.tag()) selected[language.tag() == self.language] { (language.own_name()) }
                    }
                }
            }
            label {
                (texts.notices())
                select name="notices" {
                    @for (wish, label) in wishes {
                        option value=(wish.as_str()) selected[wish.as_str() == self.notices] { (label) }
                    }
                }
            }
            @if !others.is_empty() {
                label {
                    (texts.substitute())
                    select name="substitute" {
                        option value="" { (texts.no_substitute()) }
                        @for other in others {
                            option value=(other) selected[chosen.is_some_and(|(name, _)| name == other)] { (shown_name(other)) }
                        }
                    }
                }
                label { (texts.until()) input type="date" name="until" value=[chosen.map(|(_, day)| day)]; }
                p { (texts.about()) }
            }
        }
    }
}

/// The request that a form with these fields makes. The address for mails stays as it is.
pub(super) fn asked(name: &str, form: &[u8]) -> Request {
    let text = |name| field(form, name).map(|text| text.trim().to_owned());
    Request::UserSet {
        name: name.to_owned(),
        mail: None,
        language: text("language"),
        notices: text("notices"),
        substitute: text("substitute"),
        until: text("until"),
    }
}

//! Values that people copy out of a page. With `Script::Copy` each has a button beside it.

use maud::{Markup, html};

use crate::text::{CopyingTexts, Language};

/// A value below its label.
pub(in crate::http) fn value(language: Language, label: &str, value: &str) -> Markup {
    let texts = CopyingTexts(language);
    html! {
        label {
            (label)
            input type="text" readonly value=(value) data-copy=(texts.copy()) data-copied=(texts.copied());
        }
    }
}

/// A text of several lines in `written`, shown to a person who reads `language`.
pub(in crate::http) fn text(
    language: Language,
    label: &str,
    text: &str,
    (rows, written): (u8, Language),
) -> Markup {
    let texts = CopyingTexts(language);
    html! {
        label {
            (label)
            textarea readonly rows=(rows) lang=[(written != language).then(|| written.tag())]
                data-copy=(texts.copy()) data-copied=(texts.copied()) { (text) }
        }
    }
}

//! The keys of a page with a picture, in words. Without the script (`web/src/keys.ts`) they are hidden, because then
//! the keys do nothing.

use maud::{Markup, html};

use crate::text::{Language, ViewTexts};

/// The help about the keys of a page: its own, and those for pages and files. They can be switched off, since other
/// programs may press letters (WCAG 2.1, 2.1.4).
pub(in crate::http) fn keys(language: Language, own: &[(&str, &str)]) -> Markup {
    let texts = ViewTexts(language);
    html! {
        details.keys data-keys hidden {
            summary { (texts.keys()) }
            label.check { input type="checkbox" checked; span { (texts.keys_on()) } }
            ul {
                @for (key, what) in own { li { kbd { (key) } " " (what) } }
                li { kbd { "←" } " " kbd { "→" } " " (texts.key_pages()) }
                li { kbd { (texts.key_shift()) } " + " kbd { "←" } " " kbd { "→" } " " (texts.key_files()) }
                li { kbd { "?" } " " (texts.key_help()) }
            }
        }
    }
}

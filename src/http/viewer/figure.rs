//! A file as a page shows it, as markup.

use maud::{Markup, html};

use super::Looked;
use crate::http::page::{note, problem};
use crate::http::version;
use crate::model::VersionId;
use crate::text::{Language, ReceiptTexts, ViewTexts};

/// Where a file is shown.
pub(in crate::http) struct Frame<'a> {
    pub(in crate::http) language: Language,
    /// Name of the file as it is shown.
    pub(in crate::http) name: &'a str,
    /// Address of the file below the pages of files.
    pub(in crate::http) file: &'a str,
    /// The version that is shown, if it is not the present one.
    pub(in crate::http) version: Option<VersionId>,
}

impl Frame<'_> {
    /// The file, with a way to its other pages; `page` is the address of the page around the picture with a number.
    pub(in crate::http) fn show(&self, looked: &Looked, page: impl Fn(u32) -> String) -> Markup {
        let texts = ViewTexts(self.language);
        match looked {
            Looked::Page { number, picture } => {
                let source = format!("{}?page={number}{}", self.file, version::part('&', self.version));
                html! {
                    (self.pages(*number, picture.pages, page))
                    a.picture href=(source) {
                        img src=(source) width=(picture.width) height=(picture.height) loading="lazy"
                            alt=(texts.picture_of_page(self.name, *number));
                    }
                }
            }
            Looked::Image => {
                let source = format!("{}?picture{}", self.file, version::part('&', self.version));
                html! { a.picture href=(source) { img src=(source) loading="lazy" alt=(texts.picture_of(self.name)); } }
            }
            Looked::Text(text, is_cut) => html! {
                pre.text role="region" tabindex="0" aria-label=(self.name) { (text) }
                @if *is_cut { (note(texts.beginning())) }
            },
            Looked::NoSuchPage => html! {
                (problem(texts.no_such_page()))
                p { a href=(page(1)) { (texts.first_page()) } }
            },
            Looked::Nothing(why) => note(why.sentence(texts)),
        }
    }

    fn pages(&self, number: u32, pages: u32, page: impl Fn(u32) -> String) -> Markup {
        let texts = ViewTexts(self.language);
        html! {
            @if pages > 1 {
                nav.pages aria-label=(texts.browse_pages()) {
                    @if number > 1 {
                        a rel="prev" href=(page(number - 1)) data-key="ArrowLeft" { (texts.previous_page()) }
                    }
                    span { (ReceiptTexts(self.language).page(count(number), count(pages))) }
                    @if number < pages {
                        a rel="next" href=(page(number + 1)) data-key="ArrowRight" { (texts.next_page()) }
                    }
                }
            }
        }
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

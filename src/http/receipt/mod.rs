//! Receipts for readers: as a page, as PDF and as the signed text. The first two are views of the third.

mod find;
mod sheet;

use http::{Response, StatusCode};
use maud::html;

use super::context::RequestContext;
use super::page::bar::Bar;
use super::page::{Page, Width, document, notice_below};
use super::reply::{pdf_file, text_file};
use crate::net::ResponseBody;
use crate::print::{Document, MAX_PRINTED_ROWS};
use crate::sharing::Signed;
use crate::text::{ErrorTexts, Language, LinkTexts, ReceiptTexts};

pub(super) use find::note_in;
pub(super) use sheet::{CHECK, Sheet};

/// The form in which a receipt is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Page,
    Pdf,
    Text,
}

impl Form {
    /// The name without its ending, and the form that the ending asks for.
    pub(super) fn of(name: &str) -> (&str, Self) {
        match name.rsplit_once('.') {
            Some((name, "pdf")) => (name, Self::Pdf),
            Some((name, "txt")) => (name, Self::Text),
            _ => (name, Self::Page),
        }
    }
}

/// A receipt that the reader may see.
pub(super) struct View<'a> {
    pub(super) context: RequestContext<'a>,
    pub(super) language: Language,
    /// The signed text.
    pub(super) note: String,
    /// Address of its page, and the query that belongs to it.
    pub(super) address: (&'a str, Option<&'a str>),
    /// Name of the file without its ending, in ASCII.
    pub(super) name: &'a str,
    /// The page that leads here.
    pub(super) back: &'a str,
}

impl View<'_> {
    /// The receipt in this form; a page stands below the bar.
    pub(super) async fn answer(self, form: Form, bar: &Bar) -> Response<ResponseBody> {
        if form == Form::Text {
            return text_file(&format!("{}.txt", self.name), self.note);
        }
        let Ok(signed) = Signed::stored(&self.note) else {
            tracing::error!(request_id = %self.context.info.request_id, "a stored receipt cannot be read");
            return self.failed(ErrorTexts(self.language).failed(), bar);
        };
        let sheet = Sheet::of(self.context, self.language).await;
        if form == Form::Page {
            return self.page(&sheet.document(&signed, usize::MAX), bar);
        }
        let document = sheet.with_note(sheet.document(&signed, MAX_PRINTED_ROWS), self.note.clone());
        match print(self.context, document).await {
            Some(pdf) => pdf_file(&format!("{}.pdf", self.name), pdf),
            None => self.failed(ReceiptTexts(self.language).not_made(), bar),
        }
    }

    fn page(&self, receipt: &Document, bar: &Bar) -> Response<ResponseBody> {
        let texts = ReceiptTexts(self.language);
        let (path, query) = self.address;
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let content = html! {
            p.choice {
                a href={ (path) ".pdf" (query) } { (texts.as_pdf()) }
                a href={ (path) ".txt" (query) } { (texts.as_text()) }
            }
            (document::blocks(receipt))
            p.screen { a href=(self.back) { (LinkTexts(self.language).back()) } }
        };
        Page { language: self.language, width: Width::Wide, title: &receipt.title, content }
            .below(bar, StatusCode::OK)
    }

    fn failed(&self, text: &str, bar: &Bar) -> Response<ResponseBody> {
        let title = ErrorTexts(self.language).failed_title();
        notice_below(self.language, bar, StatusCode::INTERNAL_SERVER_ERROR, title, text)
    }
}

/// The PDF of a document; `None`, logged, if there is none.
async fn print(context: RequestContext<'_>, document: Document) -> Option<Vec<u8>> {
    let _turn = context.services.receipts.printing.acquire().await.ok()?;
    let printed = tokio::task::spawn_blocking(move || document.to_pdf()).await;
    let error: Box<dyn std::error::Error + Send + Sync> = match printed {
        Ok(Ok(pdf)) => return Some(pdf),
        Ok(Err(error)) => error.into(),
        Err(error) => error.into(),
    };
    tracing::error!(request_id = %context.info.request_id, error = error.to_string(), "PDF of a receipt not made");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_choose_the_form() {
        for (name, expected) in [
            ("receipt", ("receipt", Form::Page)),
            ("7.pdf", ("7", Form::Pdf)),
            ("7.txt", ("7", Form::Text)),
            ("7.PDF", ("7.PDF", Form::Page)),
            (".pdf", ("", Form::Pdf)),
        ] {
            assert_eq!(Form::of(name), expected);
        }
    }
}

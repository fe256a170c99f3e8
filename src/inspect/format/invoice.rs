//! Electronic invoices in PDF (ZUGFeRD, Factur-X, XRechnung): ordinary files whose embedded XML starts nothing.

use super::bytes;
use super::xml::{self, Piece};
use crate::inspect::notes::Notes;

/// Outermost elements of invoices and orders, and how their namespaces begin.
const ROOTS: [&str; 5] = [
    "CrossIndustryInvoice",
    "CrossIndustryDocument",
    "SCRDMCCBDACIOMessageStructure",
    "Invoice",
    "CreditNote",
];
const NAMESPACES: [&str; 3] =
    ["urn:un:unece:uncefact:", "urn:ferd:CrossIndustryDocument:", "urn:oasis:names:specification:ubl:"];

/// The embedded files of a PDF, as far as they were seen.
#[derive(Default)]
pub(super) struct Files {
    /// Number of the object of each embedded file that was read.
    invoices: Vec<u32>,
    /// Numbers of the objects that are referred to as embedded files.
    references: Vec<u32>,
    has_others: bool,
}

impl Files {
    /// Takes note of an embedded file; `head` ends with the number of its object, its generation and `obj`.
    pub(super) fn file(&mut self, head: &[u8], content: Option<&[u8]>) {
        match object_number(head).filter(|_| content.is_some_and(is_invoice)) {
            Some(number) => self.invoices.push(number),
            None => self.has_others = true,
        }
    }

    /// Takes note of the text after the name `EF`: `<</F 12 0 R/UF 12 0 R>>`.
    pub(super) fn reference(&mut self, text: &[u8]) {
        let numbers = (|| {
            let inner = text.strip_prefix(b"<<")?;
            let inner = str::from_utf8(inner.get(..bytes::find(inner, b">>", 0)?)?).ok()?;
            let numbers = inner.split('/').skip(1).map(|pair| {
                let words: Vec<&str> = pair.split_ascii_whitespace().collect();
                let [_, number, _, "R"] = words.as_slice() else { return None };
                number.parse().ok()
            });
            numbers.collect::<Option<Vec<u32>>>()
        })();
        match numbers {
            Some(numbers) => self.references.extend(numbers),
            None => self.has_others = true,
        }
    }

    /// Whether there are invoices, nothing else is embedded, and no program can find another object by their numbers.
    pub(super) fn are_invoices(&self, content: &[u8]) -> bool {
        !self.has_others
            && !self.invoices.is_empty()
            && self.references.iter().all(|number| self.invoices.contains(number))
            && self.invoices.iter().all(|number| count_objects(content, *number) == 1)
    }
}

fn is_invoice(content: &[u8]) -> bool {
    let mut notes = Notes::new(0);
    let mut root = None;
    xml::read(content, &mut notes, |_, piece| {
        if let (Piece::Start(tag), None) = (piece, root) {
            let has_namespace =
                |(_, value): (String, String)| NAMESPACES.iter().any(|start| value.starts_with(start));
            root = Some(ROOTS.contains(&tag.name()) && tag.attributes().into_iter().any(has_namespace));
        }
    });
    // A style sheet would be a program.
    root == Some(true) && notes.obstacle.is_none() && bytes::find(content, b"<?xml-", 0).is_none()
}

/// The number in `12 0 obj`, at the end of some bytes.
fn object_number(head: &[u8]) -> Option<u32> {
    let mut words = head.trim_ascii_end().rsplit(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let [_, _, number] = [words.next()?, words.next()?, words.next()?];
    str::from_utf8(number).ok()?.parse().ok()
}

/// How many objects in a file have a number, wherever it stands.
fn count_objects(content: &[u8], number: u32) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some(found) = bytes::find(content, b"obj", at) {
        at = found + 3;
        let from = found.saturating_sub(32);
        count += usize::from(object_number(content.get(from..at).unwrap_or_default()) == Some(number));
    }
    count
}

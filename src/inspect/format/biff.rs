//! The records of a workbook of Excel before 2007 (MS-XLS 2.3).

use super::bytes;
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

const BOF: u16 = 0x0809;
const FILE_PASS: u16 = 0x002f;
const BOUND_SHEET: u16 = 0x0085;
const SUP_BOOK: u16 = 0x01ae;
const EXTERN_SHEET: u16 = 0x0017;
const DB_QUERY: u16 = 0x00dc;

/// Notes the findings in the records of a workbook.
pub(super) fn note_records(stream: &[u8], notes: &mut Notes) {
    let mut at = 0;
    while let (Some(kind), Some(length)) = (bytes::u16(stream, at), bytes::u16(stream, at + 2)) {
        at += 4;
        // Filled up after the last record.
        if kind == 0 && length == 0 {
            continue;
        }
        let Some(record) = bytes::slice(stream, at, usize::from(length)) else {
            notes.obstacle(Obstacle::Damaged);
            return;
        };
        at += usize::from(length);
        match kind {
            FILE_PASS => notes.obstacle(Obstacle::Encrypted),
            BOF => match bytes::u16(record, 2) {
                Some(0x0040) => notes.label(Label::XlmMacros),
                Some(0x0006) => notes.label(Label::Macros),
                _ => {}
            },
            BOUND_SHEET if record.get(5) == Some(&1) => notes.label(Label::XlmMacros),
            BOUND_SHEET if record.get(5) == Some(&6) => notes.label(Label::Macros),
            SUP_BOOK => note_book(record, notes),
            // The same before Excel 97: the name begins with a mark of its form.
            EXTERN_SHEET if record.get(2..).is_some_and(|name| name.contains(&LINK)) => {
                notes.label(Label::Dde);
            }
            DB_QUERY => notes.label(Label::ExternalContent),
            _ => {}
        }
    }
}

/// Separates program and topic of a link to data of another program.
const LINK: u8 = 3;

/// Another workbook or program from which cells come (MS-XLS 2.4.271).
fn note_book(record: &[u8], notes: &mut Notes) {
    let Some(length) = bytes::u16(record, 2).filter(|length| !matches!(length, 0x0401 | 0x3a01)) else {
        return;
    };
    let text: Vec<u8> =
        record.get(5..).unwrap_or_default().iter().copied().filter(|byte| *byte != 0).collect();
    if text.contains(&LINK) {
        notes.label(Label::Dde);
    } else if length > 1 {
        notes.label(Label::ExternalContent);
    }
}

//! Tables as text (RFC 4180): read as spreadsheets write them, written so that none of them takes a person's text for
//! a formula.

use encoding_rs::{UTF_8, WINDOWS_1252};

use crate::text::Language;

/// Most lines of a table of recipients, its heads included.
const MAX_ROWS: usize = 1 + crate::sharing::MAX_TOGETHER;

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableRow {
    /// The line of the text on which it begins, from 1.
    pub(super) line: usize,
    pub(super) cells: Vec<String>,
}

/// Why a text is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableError {
    /// A quotation mark on this line has no partner.
    Quote(usize),
    /// There are more rows than are read.
    TooLong,
}

/// The text of a file: UTF-8 or UTF-16 by its mark, UTF-8, or else Windows-1252.
pub(super) fn text_of(file: &[u8]) -> String {
    let unmarked = if std::str::from_utf8(file).is_ok() { UTF_8 } else { WINDOWS_1252 };
    unmarked.decode(file).0.into_owned()
}

/// The rows of a text that are not empty. Cells are separated by `;` if the text has one, else by a tab, else by `,`:
/// names are written with a comma in many offices.
pub(super) fn rows(text: &str) -> Result<Vec<TableRow>, TableError> {
    let mark = [';', '\t'].into_iter().find(|mark| text.contains(*mark)).unwrap_or(',');
    let mut rows = Vec::new();
    let (mut line, mut begun, mut cells, mut cell) = (1, 1, Vec::new(), String::new());
    // The line on which a quotation mark opened.
    let mut quoted: Option<usize> = None;
    let mut chars = text.chars().filter(|c| *c != '\r').chain(['\n']).peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted.is_some() && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted.is_some() => quoted = None,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = Some(line);
            }
            // The end that was added here.
            '\n' if chars.peek().is_none() && quoted.is_some() => {
                return Err(TableError::Quote(quoted.unwrap_or(line)));
            }
            '\n' if quoted.is_none() => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
                let row = TableRow { line: begun, cells: std::mem::take(&mut cells) };
                if row.cells.iter().any(|cell| !cell.is_empty()) {
                    rows.push(row);
                }
                if rows.len() > MAX_ROWS {
                    return Err(TableError::TooLong);
                }
                line += 1;
                begun = line;
            }
            c if c == mark && quoted.is_none() => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            c => {
                line += usize::from(c == '\n');
                cell.push(c);
            }
        }
    }
    Ok(rows)
}

/// The text of a table for a spreadsheet in this language: UTF-8 with a mark, lines that end with both marks, every cell in
/// quotation marks. German spreadsheets separate cells by `;`, since `,` is in their numbers.
pub(super) fn written(language: Language, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mark = if language == Language::German { ";" } else { "," };
    let lines =
        rows.into_iter().map(|row| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(mark));
    let mut text = String::from('\u{feff}');
    for line in lines {
        text.push_str(&line);
        text.push_str("\r\n");
    }
    text
}

/// A cell in quotation marks. One that a spreadsheet would calculate begins with an apostrophe (OWASP, "CSV Injection").
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let apostrophe = if is_formula { "'" } else { "" };
    format!("\"{apostrophe}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, Vec<String>)> {
        rows(text).unwrap().into_iter().map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn a_table_is_read_as_spreadsheets_write_it() {
        let cells = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        for (text, expected) in [
            ("", vec![]),
            ("\r\n \n", vec![]),
            ("a;b\r\nc; d ", vec![(1, cells(&["a", "b"])), (2, cells(&["c", "d"]))]),
            ("Huber, Erika;e@x.de", vec![(1, cells(&["Huber, Erika", "e@x.de"]))]),
            ("a,b", vec![(1, cells(&["a", "b"]))]),
            ("Huber, E\nb;c", vec![(1, cells(&["Huber, E"])), (2, cells(&["b", "c"]))]),
            ("a\tb,c", vec![(1, cells(&["a", "b,c"]))]),
            ("\n\"x \"\"y\"\";\n z\";b\nc", vec![(2, cells(&["x \"y\";\n z", "b"])), (4, cells(&["c"]))]),
            ("6\" Rohr;b", vec![(1, cells(&["6\" Rohr", "b"]))]),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert_eq!(rows("a\nb;\"c\nd"), Err(TableError::Quote(2)));
        assert!(rows(&"x\n".repeat(MAX_ROWS)).is_ok());
        assert_eq!(rows(&"x\n".repeat(MAX_ROWS + 1)), Err(TableError::TooLong));
    }

    #[test]
    fn a_file_is_read_in_the_letters_in_which_it_was_written() {
        let wide: Vec<u8> = "\u{feff}Müß€".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}Müß€".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for file in ["Müß€".as_bytes(), "\u{feff}Müß€".as_bytes(), b"M\xfc\xdf\x80", &wide, &big] {
            assert_eq!(text_of(file), "Müß€", "{file:?}");
        }
        assert_eq!(text_of(b"\x81\x9f\xff"), "\u{81}Ÿÿ");
    }

    #[test]
    fn a_table_calculates_nothing_and_is_read_again() {
        for formula in ["=1+1", "+49 89", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert!(quoted(formula).starts_with("\"'"), "{formula}");
        }
        let row = vec!["a\"b".to_owned(), "c;d\ne".to_owned(), String::new()];
        let text = written(Language::German, [row.clone(), vec!["x".to_owned()]]);
        assert!(text.starts_with("\u{feff}\"a\"\"b\";\"c;d") && text.ends_with("\"x\"\r\n"), "{text}");
        assert_eq!(read(&text_of(text.as_bytes())), [(1, row), (3, vec!["x".to_owned()])]);
        assert!(written(Language::English, [vec!["a".into(), "b".into()]]).contains("\"a\",\"b\""));
    }
}

//! Office documents with one sentence, as small as LibreOffice and the server's look inside accept them.

use super::zips::Zip;

const TYPES: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const DOCUMENT: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORDS: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const SHEETS: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "application/vnd.openxmlformats-officedocument";

/// A text in Word's format.
pub fn docx(sentence: &str) -> Vec<u8> {
    let body = format!(
        "<w:document xmlns:w=\"{WORDS}\"><w:body><w:p><w:r><w:t>{sentence}</w:t></w:r></w:p></w:body></w:document>"
    );
    let main = ("word/document.xml", "wordprocessingml.document.main+xml");
    package(main, &[(main.0, main.1, &body)], &[])
}

/// A sheet in Excel's format.
pub fn xlsx(sentence: &str) -> Vec<u8> {
    let book = format!(
        "<workbook xmlns=\"{SHEETS}\" xmlns:r=\"{DOCUMENT}\"><sheets><sheet name=\"1\" sheetId=\"1\" r:id=\"r1\"/></sheets>\
         </workbook>"
    );
    let sheet = format!(
        "<worksheet xmlns=\"{SHEETS}\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>{sentence}</t></is></c>\
         </row></sheetData></worksheet>"
    );
    let related = format!(
        "<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"r1\" Type=\"{DOCUMENT}/worksheet\" \
         Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let main = ("xl/workbook.xml", "spreadsheetml.sheet.main+xml");
    let parts = [
        (main.0, main.1, book.as_str()),
        ("xl/worksheets/sheet1.xml", "spreadsheetml.worksheet+xml", sheet.as_str()),
    ];
    package(main, &parts, &[("xl/_rels/workbook.xml.rels", &related)])
}

/// A package with this main part; `parts` have a content type.
fn package(main: (&str, &str), parts: &[(&str, &str, &str)], others: &[(&str, &str)]) -> Vec<u8> {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
    let types = parts
        .iter()
        .map(|(name, kind, _)| format!("<Override PartName=\"/{name}\" ContentType=\"{OFFICE}.{kind}\"/>"))
        .collect::<Vec<_>>()
        .concat();
    let types = format!(
        "{head}<Types xmlns=\"{TYPES}\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>{types}</Types>"
    );
    let related = format!(
        "{head}<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"r1\" Type=\"{DOCUMENT}/officeDocument\" \
         Target=\"{}\"/></Relationships>",
        main.0
    );
    let mut zip = Zip::default();
    zip.add("[Content_Types].xml", types.as_bytes());
    zip.add("_rels/.rels", related.as_bytes());
    for (name, _, text) in parts {
        zip.add(name, format!("{head}{text}").as_bytes());
    }
    for (name, text) in others {
        zip.add(name, format!("{head}{text}").as_bytes());
    }
    zip.finish()
}

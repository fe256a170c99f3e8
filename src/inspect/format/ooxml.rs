//! Documents of Microsoft Office since 2007: parts in a ZIP archive, tied by relationships (ECMA-376, part 2).
//!
//! Parts are known by their contents and relationships; a part may have any name.

use super::bytes;
use super::field::Fields;
use super::xml::{self, Piece, Tag};
use crate::inspect::name::claimed;
use crate::inspect::notes::Notes;
use crate::model::{ContentKind, Label, Obstacle};

/// The part that names the types of all parts.
pub(in crate::inspect) const CONTENT_TYPES: &str = "[content_types].xml";

/// Notes the findings in the name of a part.
pub(in crate::inspect) fn note_name(name: &str, notes: &mut Notes) {
    let name = name.to_lowercase();
    for (part, label) in [
        ("vbaproject", Label::Macros),
        ("vbadata", Label::Macros),
        ("macrosheets/", Label::XlmMacros),
        ("dialogsheets/", Label::XlmMacros),
        ("activex", Label::ActiveX),
        ("oleobject", Label::OleObject),
    ] {
        if name.contains(part) {
            notes.label(label);
        }
    }
}

/// Notes the source of cells that a part of a binary workbook names (MS-XLSB 2.4.255).
pub(in crate::inspect) fn note_binary_part(content: &[u8], notes: &mut Notes) {
    // BrtBeginSupBook, the bytes of its length, of which all but the last have the high bit, and its kind.
    let Some(rest) = content.strip_prefix(b"\xe8\x02") else { return };
    let length = rest.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    match bytes::u16(rest, length) {
        Some(1) => notes.label(Label::Dde),
        Some(2) => notes.label(Label::ExternalObject),
        _ => notes.label(Label::ExternalContent),
    }
}

/// Notes the facts in a part that is XML.
pub(in crate::inspect) fn note_part(name: &str, content: &[u8], notes: &mut Notes) {
    let before = notes.obstacle;
    note_elements(content, notes);
    // Drawings of old versions are not well-formed, and pages need not be.
    if name.to_lowercase().ends_with(".vml") || claimed(name) == Some(ContentKind::Web) {
        notes.obstacle = before;
    }
}

fn note_elements(content: &[u8], notes: &mut Notes) {
    let mut fields = Fields::default();
    let (mut is_instruction, mut is_formula) = (false, false);
    xml::read(content, notes, |notes, piece| match piece {
        Piece::Start(tag) => match tag.name() {
            "Relationship" => note_relationship(&tag, notes),
            "Override" | "Default" => note_type(&tag.attribute("ContentType").unwrap_or_default(), notes),
            "fldChar" => match tag.attribute("fldCharType").as_deref() {
                Some("begin") => fields.begin(),
                Some("end") => fields.end(notes),
                _ => {}
            },
            "fldSimple" => {
                if let Some(instruction) = tag.attribute("instr") {
                    fields.begin();
                    fields.text(&instruction);
                    fields.end(notes);
                }
            }
            "instrText" | "delInstrText" => is_instruction = true,
            "ddeLink" => notes.label(Label::Dde),
            "oleLink" => notes.label(Label::ExternalObject),
            "control" | "ocx" => notes.label(Label::ActiveX),
            "oleObj" | "oleObject" | "OLEObject" => notes.label(Label::OleObject),
            "xlMacrosheet" | "macrosheet" => notes.label(Label::XlmMacros),
            "webPr" | "webPublishItem" | "dbPr" | "olapPr" | "DataMashup" | "webextension" => {
                notes.label(Label::ExternalContent);
            }
            "hlinkClick" | "hlinkHover" | "hlinkMouseOver" => {
                note_click(&tag.attribute("action").unwrap_or_default(), notes);
            }
            "f" => is_formula = true,
            _ => {}
        },
        Piece::End("instrText" | "delInstrText") => is_instruction = false,
        Piece::End("f") => is_formula = false,
        Piece::Text(text) if is_instruction => fields.text(&text),
        Piece::Text(text) if is_formula && text.to_uppercase().contains("WEBSERVICE(") => {
            notes.label(Label::ExternalContent);
        }
        Piece::End(_) | Piece::Text(_) => {}
    });
    fields.finish(notes);
}

/// Notes the effect of a click in slides: most go to another slide.
fn note_click(action: &str, notes: &mut Notes) {
    match action.split('?').next() {
        Some("ppaction://program") => notes.label(Label::Launch),
        Some("ppaction://macro") => notes.label(Label::Macros),
        Some("ppaction://ole") => notes.label(Label::OleObject),
        _ => {}
    }
}

fn note_type(name: &str, notes: &mut Notes) {
    let name = name.to_lowercase();
    for (word, label) in [("macrosheet", Label::XlmMacros), ("activex", Label::ActiveX)] {
        if name.contains(word) {
            notes.label(label);
        }
    }
}

fn note_relationship(tag: &Tag<'_>, notes: &mut Notes) {
    let kind = tag.attribute("Type").unwrap_or_default().to_lowercase();
    let kind = kind.rsplit('/').next().unwrap_or_default();
    match kind {
        "vbaproject" | "wordvbadata" => notes.label(Label::Macros),
        "xlmacrosheet" | "xlintlmacrosheet" => notes.label(Label::XlmMacros),
        "oleobject" => notes.label(Label::OleObject),
        "control" | "activexcontrolbinary" => notes.label(Label::ActiveX),
        _ => {}
    }
    let is_external =
        tag.attribute("TargetMode").is_some_and(|mode| mode.trim().eq_ignore_ascii_case("external"));
    let target = tag.attribute("Target").unwrap_or_default().trim().to_lowercase();
    // Without a mode it points inside; an address with a scheme there is loaded by some versions.
    if !is_external && !target.contains("://") && !target.starts_with("\\\\") {
        return;
    }
    notes.expect(is_external, Obstacle::Ambiguous);
    match kind {
        // A click is a decision; but of a handler of the system, not of a page.
        "hyperlink" | "hlinkclick" => {
            if ["ms-", "file:", "\\\\", "search-ms:", "mhtml:", "x-usc:", "!"]
                .iter()
                .any(|start| target.starts_with(start))
            {
                notes.label(Label::ExternalContent);
            }
        }
        "attachedtemplate" => notes.label(Label::ExternalTemplate),
        "oleobject" | "package" => notes.label(Label::ExternalObject),
        _ => notes.label(Label::ExternalContent),
    }
}

/// Whether a part is XML, which has the meaning; the others are pictures, objects and data.
pub(in crate::inspect) fn is_xml(content: &[u8]) -> bool {
    let start = content.get(..64).unwrap_or(content);
    let is_skipped =
        |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff);
    start.iter().find(|byte| !is_skipped(byte)) == Some(&b'<')
}

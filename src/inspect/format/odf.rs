//! Documents of LibreOffice and others (OASIS OpenDocument 1.3), in a ZIP archive or flat; and what flat documents of
//! Microsoft Office have in common with them.

use mail_parser::decoders::base64::base64_decode;

use super::Member;
use super::field::is_dde_formula;
use super::xml::{self, Piece, Tag};
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// How the member named `mimetype` begins in every document, today and before 2005.
pub(in crate::inspect) const MIMETYPES: [&[u8]; 2] =
    [b"application/vnd.oasis.opendocument.", b"application/vnd.sun.xml."];

/// Most bytes of the objects of a flat document, as text.
const MAX_OBJECTS: usize = 128 << 20;

/// Notes the findings in the name of a member.
pub(in crate::inspect) fn note_name(name: &str, notes: &mut Notes) {
    let name = name.to_lowercase();
    if (name.starts_with("basic/") || name.starts_with("scripts/")) && !name.ends_with('/') {
        notes.label(Label::Macros);
    }
}

/// Notes the facts in XML of a document, and returns the objects that are written into it.
pub(in crate::inspect) fn note_xml(content: &[u8], notes: &mut Notes) -> Vec<Member> {
    let (mut objects, mut object, mut total): (_, Option<String>, _) = (Vec::new(), None, 0);
    xml::read(content, notes, |notes, piece| match piece {
        Piece::Start(tag) => {
            note_tag(&tag, notes);
            if matches!(tag.name(), "binary-data" | "binData" | "binaryData") {
                object = Some(String::new());
            }
        }
        Piece::Text(text) => {
            total += if object.is_some() { text.len() } else { 0 };
            notes.expect(total <= MAX_OBJECTS, Obstacle::TooLargeExpanded);
            if let Some(object) = object.as_mut().filter(|_| total <= MAX_OBJECTS) {
                object.extend(text.split_ascii_whitespace());
            }
        }
        Piece::End(_) => {
            if let Some(text) = object.take() {
                match base64_decode(text.as_bytes()) {
                    Some(content) => objects.push(Member { name: String::new(), content }),
                    None => notes.obstacle(Obstacle::Damaged),
                }
            }
        }
    });
    objects
}

fn note_tag(tag: &Tag<'_>, notes: &mut Notes) {
    match tag.name() {
        "encryption-data" => notes.obstacle(Obstacle::Encrypted),
        "event-listener" | "execute-macro" | "module" | "library-linked" => notes.label(Label::Macros),
        "dde-source" | "dde-link" | "dde-connection-decl" | "dde-connection" => notes.label(Label::Dde),
        "object-ole" => notes.label(Label::OleObject),
        "applet" | "plugin" => notes.label(Label::ActiveX),
        "floating-frame" | "cell-range-source" | "database-source-query" => {
            notes.label(Label::ExternalContent);
        }
        _ => {}
    }
    // A template is asked for when the office says so, a hyperlink when it is clicked.
    let is_followed = !matches!(tag.name(), "a" | "template" | "style-name");
    for (name, value) in tag.attributes() {
        let (name, value) = (name.to_lowercase(), value.trim().to_lowercase());
        let is_formula = name == "formula";
        let loads = ["webservice(", "'file:", "'http"].iter().any(|word| value.contains(word));
        if value.starts_with("vnd.sun.star.script:") || value.starts_with("macro:") {
            notes.label(Label::Macros);
        }
        if is_formula && (value.contains("dde(") || is_dde_formula(&value)) {
            notes.label(Label::Dde);
        }
        if is_formula && loads || name == "href" && is_followed && is_elsewhere(&value) {
            notes.label(Label::ExternalContent);
        }
    }
}

/// Whether a reference leaves the document.
fn is_elsewhere(reference: &str) -> bool {
    let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    has_scheme || reference.starts_with(['/', '\\']) || reference.starts_with("../")
}

//! Reads XML piece by piece, for formats whose meaning is in a few elements.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::text::text;
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// A piece of a document.
pub(in crate::inspect) enum Piece<'a> {
    Start(Tag<'a>),
    End(&'a str),
    Text(Cow<'a, str>),
}

/// The beginning of an element.
pub(in crate::inspect) struct Tag<'a> {
    start: BytesStart<'a>,
}

impl Tag<'_> {
    /// Its name without a prefix.
    pub(in crate::inspect) fn name(&self) -> &str {
        local(self.start.name().0)
    }

    /// The value of an attribute by its name without a prefix.
    pub(in crate::inspect) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// All attributes, by their names without prefixes.
    pub(in crate::inspect) fn attributes(&self) -> Vec<(String, String)> {
        let mut attributes = self.start.attributes();
        let read = attributes.with_checks(false).flatten().map(|attribute| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_or_else(|_| attribute.value.to_string(), Cow::into_owned);
            (local(attribute.key.0).to_owned(), value)
        });
        read.collect()
    }
}

/// Passes each piece to `take`. Malformed XML is noted, and XML that gives names a meaning of its own.
pub(in crate::inspect) fn read(
    content: &[u8],
    notes: &mut Notes,
    mut take: impl FnMut(&mut Notes, Piece<'_>),
) {
    let Some(text) = text(content) else { return notes.obstacle(Obstacle::Damaged) };
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => take(notes, Piece::Start(Tag { start })),
            Ok(Event::Empty(start)) => {
                let name = local(start.name().0).to_owned();
                take(notes, Piece::Start(Tag { start }));
                take(notes, Piece::End(&name));
            }
            Ok(Event::End(end)) => take(notes, Piece::End(local(end.name().0))),
            Ok(Event::Text(text)) => take(notes, Piece::Text(text.xml10_content())),
            Ok(Event::CData(text)) => take(notes, Piece::Text(text.xml10_content())),
            Ok(Event::GeneralRef(reference)) => {
                let character = reference.resolve_char_ref().ok().flatten();
                let named = quick_xml::escape::resolve_xml_entity(&reference).map(Cow::Borrowed);
                match character.map(|character| Cow::Owned(character.to_string())).or(named) {
                    Some(text) => take(notes, Piece::Text(text)),
                    None => notes.obstacle(Obstacle::Ambiguous),
                }
            }
            // One without names of its own says nothing; old documents have it.
            Ok(Event::DocType(text)) => notes.expect(!text.contains('['), Obstacle::Ambiguous),
            Ok(Event::Decl(declaration)) => {
                let encoding = declaration.encoding().and_then(Result::ok).map(|name| name.to_lowercase());
                let is_known = |name: String| {
                    ["utf-8", "utf8", "us-ascii", "utf-16", "iso-8859-1", "windows-1252"]
                        .contains(&name.as_str())
                };
                notes.expect(encoding.is_none_or(is_known), Obstacle::Ambiguous);
            }
            Ok(Event::Comment(_) | Event::PI(_)) => {}
            Ok(Event::Eof) => return,
            Err(_) => return notes.obstacle(Obstacle::Damaged),
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

//! Mails (RFC 5322, MIME) and mailboxes with several.
//!
//! One walk serves the look and the handing out of files: [`walk`] visits every leaf, and [`role`] alone decides whether it is
//! text that programs show or a file.

use std::ops::Range;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{
    ContentType, Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use super::cms::{self, Cms};
use super::{Member, bytes, encoded, parameters, text, uuencode};
use crate::inspect::name::claimed;
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// The name of a mail in a mail or a mailbox.
pub(in crate::inspect) const MAIL: &str = "mail.eml";

/// Transfer encodings that are read (RFC 2045, section 6), and those of uuencode.
const ENCODINGS: [&str; 5] = ["7bit", "8bit", "binary", "base64", "quoted-printable"];
const UUENCODED: [&str; 4] = ["x-uuencode", "uuencode", "x-uue", "uue"];

/// How a reader of the mail meets a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::inspect) enum Role {
    /// Plain text that programs show.
    Text,
    /// A page that programs show.
    Page,
    /// A mail in the mail.
    Mail,
    /// Any other file.
    File,
}

/// A leaf of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::inspect) struct Leaf {
    pub(in crate::inspect) role: Role,
    /// Its name and its bytes. Of several names that programs could read, the one of the strictest kind; empty if it has none.
    pub(in crate::inspect) member: Member,
    /// The type that the sender declares, in lower case: `application/pdf`.
    pub(in crate::inspect) declared: String,
}

/// Visits every leaf of a mail, in order; or the mails of a mailbox.
pub(in crate::inspect) fn walk(content: &[u8], notes: &mut Notes, visit: &mut dyn FnMut(&mut Notes, Leaf)) {
    let mails = mails(content);
    let [mail] = mails.as_slice() else {
        for mail in mails {
            let member = Member { name: MAIL.to_owned(), content: mail.to_vec() };
            visit(notes, Leaf { role: Role::Mail, member, declared: String::new() });
        }
        return;
    };
    // Lines that begin a file of an older form: between the parts and in the text, where some programs find it.
    let mut unread = packed_lines(mail);
    let parts = notes.fenced(|notes| parts(mail, notes)).unwrap_or_default();
    for part in parts {
        if notes.is_over() {
            return;
        }
        let Some(content) = part.content(mail, notes) else { continue };
        let raw = mail.get(part.body.clone()).unwrap_or_default();
        let (content, files) = match part.role {
            Role::Text => uuencode::take(&content),
            _ => (content, Vec::new()),
        };
        let is_read = match part.role {
            Role::Text => packed_lines(&content) == 0,
            // It has a walk of its own.
            Role::Mail => true,
            Role::Page | Role::File => part.encoding == Transfer::Uuencode && content != raw,
        };
        unread = if is_read { unread.saturating_sub(packed_lines(raw)) } else { unread };
        notes.expect(is_read || part.role != Role::Text, Obstacle::UnreadableFormat);
        if let Some(Cms::Enveloped) = cms::read(&content) {
            notes.obstacle(Obstacle::Encrypted);
        }
        let member = Member { name: part.name, content };
        visit(notes, Leaf { role: part.role, member, declared: part.declared });
        for member in files {
            visit(notes, Leaf { role: Role::File, member, declared: String::new() });
        }
    }
    notes.expect(unread == 0, Obstacle::UnreadableFormat);
}

/// The mails of a mailbox, each without the line that begins it; or the one mail.
fn mails(content: &[u8]) -> Vec<&[u8]> {
    // In the text of a mail by itself, the line means nothing.
    if !content.trim_ascii_start().starts_with(b"From ") {
        return vec![content];
    }
    let mut mails = Vec::new();
    let (mut begin, mut at, mut is_after_blank) = (0, 0, true);
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if is_after_blank && line.starts_with(b"From ") {
            mails.extend(content.get(begin..at).filter(|mail| !mail.trim_ascii().is_empty()));
            begin = end;
        }
        is_after_blank = line.trim_ascii().is_empty();
        at = end;
    }
    mails.extend(content.get(begin..));
    mails
}

fn packed_lines(content: &[u8]) -> usize {
    content.split(|byte| *byte == b'\n').filter(|line| text::is_packed_line(line)).count()
}

/// A leaf, as places in the mail.
struct Part {
    role: Role,
    name: String,
    declared: String,
    encoding: Transfer,
    body: Range<usize>,
}

/// How the bytes of a part are encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transfer {
    None,
    Base64,
    QuotedPrintable,
    Uuencode,
}

impl Part {
    /// The bytes that the sender encoded; `None` if there are none. Texts stay in their character set.
    fn content(&self, mail: &[u8], notes: &mut Notes) -> Option<Vec<u8>> {
        let raw = mail.get(self.body.clone());
        notes.expect(raw.is_some(), Obstacle::Damaged);
        let raw = raw?;
        let decoded = match self.encoding {
            Transfer::None => return Some(raw.to_vec()),
            Transfer::Base64 => base64_decode(raw),
            Transfer::QuotedPrintable => quoted_printable_decode(raw),
            Transfer::Uuencode => {
                let (left, mut files) = uuencode::take(raw);
                let is_one = files.len() == 1 && left.trim_ascii().is_empty();
                notes.expect(is_one, Obstacle::UnreadableFormat);
                return if is_one { files.pop().map(|file| file.content) } else { Some(raw.to_vec()) };
            }
        };
        notes.expect(decoded.is_some(), Obstacle::Damaged);
        // As most programs read them, which pass over other characters than digits.
        Some(decoded.unwrap_or_else(|| match self.encoding {
            Transfer::Base64 => {
                let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
                let digits: Vec<u8> = raw.iter().copied().filter(is_digit).collect();
                base64_decode(&digits).unwrap_or(digits)
            }
            _ => encoded::escaped(raw, b'='),
        }))
    }
}

/// Most multiparts of a mail, each of which names its boundary.
const MAX_BOUNDARIES: usize = 1_000;

/// Most bytes that are searched for boundaries, those of each multipart counted for itself.
const MAX_SEARCHED: usize = 1 << 30;

fn count(mail: &[u8], word: &[u8]) -> usize {
    let (mut found, mut at) = (0, 0);
    while let Some(place) = bytes::find(mail, word, at).filter(|_| found <= MAX_BOUNDARIES) {
        (found, at) = (found + 1, place + word.len());
    }
    found
}

/// The leaves of one mail.
fn parts(mail: &[u8], notes: &mut Notes) -> Vec<Part> {
    // Each level is read again by the one around it.
    if count(mail, b"boundary") > MAX_BOUNDARIES {
        notes.obstacle(Obstacle::NestedTooDeep);
        return Vec::new();
    }
    let Some(message) = MessageParser::default().parse(mail) else {
        notes.obstacle(Obstacle::Damaged);
        return Vec::new();
    };
    note_boundaries(&message, mail, notes);
    message.parts.iter().filter_map(|part| leaf(part, mail, notes)).collect()
}

/// One part; `None` if it holds others.
fn leaf(part: &MessagePart<'_>, mail: &[u8], notes: &mut Notes) -> Option<Part> {
    let count = |name: &HeaderName<'_>| part.headers.iter().filter(|header| header.name == *name).count();
    let is_once =
        [HeaderName::ContentType, HeaderName::ContentTransferEncoding, HeaderName::ContentDisposition]
            .iter()
            .all(|name| count(name) < 2);
    notes.expect(is_once, Obstacle::Ambiguous);
    notes.expect(!part.is_encoding_problem, Obstacle::Damaged);
    note_type(part, notes);
    let name = names(part, mail).into_iter().max_by_key(|name| claimed(name)).unwrap_or_default();
    let role = role(part, !name.is_empty())?;
    let encoding = part.content_transfer_encoding().unwrap_or("7bit").trim().to_lowercase();
    let encoding = match encoding.as_str() {
        "base64" => Transfer::Base64,
        "quoted-printable" => Transfer::QuotedPrintable,
        _ if UUENCODED.contains(&encoding.as_str()) => Transfer::Uuencode,
        _ => {
            notes.expect(ENCODINGS.contains(&encoding.as_str()), Obstacle::UnreadableFormat);
            match part.encoding {
                Encoding::None => Transfer::None,
                Encoding::Base64 => Transfer::Base64,
                Encoding::QuotedPrintable => Transfer::QuotedPrintable,
            }
        }
    };
    let body = usize::try_from(part.offset_body).ok()?..usize::try_from(part.offset_end).ok()?;
    let declared = part.content_type().map(|kind| declared(kind)).unwrap_or_default();
    Some(Part { role, name, declared, encoding, body })
}

fn declared(kind: &ContentType<'_>) -> String {
    format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_lowercase()
}

/// Decides what a part is to a person; `None` if it only holds others. Everything is a file that has a name, is sent as an
/// attachment, or is neither plain text nor a page: pictures in the text, too.
fn role(part: &MessagePart<'_>, has_name: bool) -> Option<Role> {
    let declared = part.content_type().map_or("text/plain".to_owned(), declared);
    let is_sent_as_file =
        has_name || part.content_disposition().is_some_and(|disposition| !is_shown(disposition));
    match (&part.body, declared.as_str()) {
        (PartType::Multipart(_), _) => None,
        (PartType::Message(_), _) | (_, "message/rfc822" | "message/global") => Some(Role::Mail),
        // A multipart in which no part was found is shown as text.
        (PartType::Text(_), _) if declared.starts_with("multipart/") => Some(Role::Text),
        (PartType::Html(_), _) if !is_sent_as_file => Some(Role::Page),
        (PartType::Text(_), "text/plain" | "text/html") if !is_sent_as_file => Some(Role::Text),
        _ => Some(Role::File),
    }
}

/// Whether a part of this disposition may be shown. One that is not known counts as an attachment (RFC 2183, section 2.8);
/// one that begins with a parameter is none.
fn is_shown(disposition: &ContentType<'_>) -> bool {
    let kind = disposition.ctype();
    kind.eq_ignore_ascii_case("inline") || kind.is_empty() || kind.contains('=')
}

/// All names that programs could read for a part, the one that they should read last.
fn names(part: &MessagePart<'_>, mail: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for (field, parameter) in [
        (HeaderName::ContentType, "filename"),
        (HeaderName::ContentDisposition, "name"),
        (HeaderName::ContentType, "name"),
        (HeaderName::ContentDisposition, "filename"),
    ] {
        for header in part.headers.iter().filter(|header| header.name == field) {
            let attributes = header.value.as_content_type().and_then(|value| value.attributes.as_ref());
            let attributes = attributes.into_iter().flatten().filter(|attribute| attribute.name == parameter);
            names.extend(attributes.map(|attribute| attribute.value.to_string()));
            names.extend(parameters::values(encoded::raw(header, mail), parameter));
        }
    }
    names.retain(|name| !name.trim().is_empty());
    names
}

fn note_type(part: &MessagePart<'_>, notes: &mut Notes) {
    let Some(kind) = part.content_type() else { return };
    let subtype = kind.subtype().unwrap_or_default().to_lowercase();
    match (kind.ctype().to_lowercase().as_str(), subtype.as_str()) {
        // Its parts were not found, or others find them by another boundary.
        ("multipart", _) if !matches!(part.body, PartType::Multipart(_)) || boundaries(kind) != 1 => {
            notes.obstacle(Obstacle::Ambiguous);
        }
        ("multipart", "encrypted") => notes.obstacle(Obstacle::Encrypted),
        ("application", "pkcs7-mime" | "x-pkcs7-mime") => {
            let content = match &part.body {
                PartType::Binary(content) | PartType::InlineBinary(content) => content.as_ref(),
                _ => &[],
            };
            // A signed mail is looked into like any other.
            notes.expect(matches!(cms::read(content), Some(Cms::Signed(_))), Obstacle::Encrypted);
        }
        // The rest of it comes with another mail, or from elsewhere.
        ("message", "partial" | "external-body") => notes.obstacle(Obstacle::UnreadableFormat),
        _ => {}
    }
}

fn boundaries(kind: &ContentType<'_>) -> usize {
    let attributes = kind.attributes.iter().flatten();
    attributes.filter(|attribute| attribute.name.to_lowercase().starts_with("boundary")).count()
}

/// Notes places at which the parser ends a part and others do not: a boundary within a line, or at the beginning of a longer
/// word, unless that is the boundary of the parts around it.
fn note_boundaries(message: &Message<'_>, mail: &[u8], notes: &mut Notes) {
    let place = |place: u32| usize::try_from(place).unwrap_or(usize::MAX).min(mail.len());
    let multiparts: Vec<(String, Range<usize>)> = message
        .parts
        .iter()
        .filter(|part| matches!(part.body, PartType::Multipart(_)))
        .filter_map(|part| {
            let boundary = part.content_type()?.attribute("boundary")?;
            Some((format!("--{boundary}"), place(part.offset_body)..place(part.offset_end)))
        })
        .collect();
    if multiparts.iter().map(|(_, body)| body.len()).sum::<usize>() > MAX_SEARCHED {
        return notes.obstacle(Obstacle::NestedTooDeep);
    }
    for (word, body) in &multiparts {
        let mut at = body.start;
        while let Some(found) = bytes::find(mail, word.as_bytes(), at).filter(|found| *found < body.end) {
            at = found + word.len();
            let is_first = found == 0 || mail.get(found - 1) == Some(&b'\n');
            let line = mail.get(found..).unwrap_or_default();
            let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
            let is_boundary = |(word, body): &(String, Range<usize>)| {
                body.contains(&found)
                    && line.strip_prefix(word.as_bytes()).is_some_and(|rest| matches!(rest, b"" | b"--"))
            };
            notes.expect(is_first && multiparts.iter().any(is_boundary), Obstacle::Ambiguous);
        }
    }
}

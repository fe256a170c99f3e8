//! Mails (RFC 5322, MIME) and mailboxes with several.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{ContentType, Encoding, HeaderName, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{Member, text};
use crate::inspect::name::claimed;
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// The name of a mail in a mail or a mailbox.
const MAIL: &str = "mail.eml";

/// Transfer encodings that are read (RFC 2045, section 6).
const ENCODINGS: [&str; 5] = ["7bit", "8bit", "binary", "base64", "quoted-printable"];

/// Reads a mail and returns every leaf of it but the text that programs show; or the mails of a mailbox.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes) -> Vec<Member> {
    let mails = mails(content);
    let [mail] = mails.as_slice() else {
        return mails.iter().map(|mail| Member { name: MAIL.to_owned(), content: mail.to_vec() }).collect();
    };
    // Between the parts and in the text, where some programs find it.
    let has_packed = text::text(mail).is_some_and(|text| text::has_packed(&text));
    notes.expect(!has_packed, Obstacle::UnreadableFormat);
    let Some(message) = MessageParser::default().parse(*mail) else {
        notes.obstacle(Obstacle::Damaged);
        return Vec::new();
    };
    message.parts.iter().filter_map(|part| leaf(part, mail, notes)).collect()
}

/// The mails of a mailbox, each without the line that begins it; or the one mail.
fn mails(content: &[u8]) -> Vec<&[u8]> {
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

/// The content of a part; `None` for those that hold others, and for text that is shown.
fn leaf(part: &MessagePart<'_>, mail: &[u8], notes: &mut Notes) -> Option<Member> {
    let count = |name: &HeaderName<'_>| part.headers.iter().filter(|header| header.name == *name).count();
    let is_once =
        [HeaderName::ContentType, HeaderName::ContentTransferEncoding, HeaderName::ContentDisposition]
            .iter()
            .all(|name| count(name) < 2);
    notes.expect(is_once, Obstacle::Ambiguous);
    notes.expect(!part.is_encoding_problem, Obstacle::Damaged);
    let encoding = part.content_transfer_encoding().unwrap_or("7bit").trim().to_lowercase();
    notes.expect(ENCODINGS.contains(&encoding.as_str()), Obstacle::UnreadableFormat);
    note_type(part, notes);
    let is_attachment = part.content_disposition().is_some_and(ContentType::is_attachment);
    let names = [
        part.content_disposition().and_then(|disposition| disposition.attribute("filename")),
        part.content_type().and_then(|kind| kind.attribute("name")),
    ];
    let name = names.into_iter().flatten().max_by_key(|name| claimed(name)).map(ToOwned::to_owned);
    let name = match &part.body {
        PartType::Multipart(_) => return None,
        PartType::Message(_) => MAIL.to_owned(),
        // A page that is no attachment is what the mail says.
        PartType::Html(_) if name.is_none() && !is_attachment => {
            notes.count_member();
            return None;
        }
        _ => name.unwrap_or_default(),
    };
    let raw = mail.get(usize::try_from(part.offset_body).ok()?..usize::try_from(part.offset_end).ok()?);
    // As the sender encoded it: the parser turns texts into other bytes.
    let content = raw.and_then(|raw| match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::Base64 => base64_decode(raw),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
    });
    notes.expect(content.is_some(), Obstacle::Damaged);
    content.map(|content| Member { name, content })
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
            let is_signed =
                kind.attribute("smime-type").is_some_and(|kind| kind.eq_ignore_ascii_case("signed-data"));
            notes.obstacle(if is_signed { Obstacle::UnreadableFormat } else { Obstacle::Encrypted });
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

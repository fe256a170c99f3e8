//! Outlook's `winmail.dat` (MS-OXTNEF): the attachments of a mail.

use super::{Member, bytes, encoded, text};
use crate::inspect::notes::Notes;
use crate::model::Obstacle;

/// Attributes, by the low half of their identifiers: the code page of texts, a new attachment, its short name, its bytes, its
/// properties.
const CODE_PAGE: u16 = 0x9007;
const NEW_ATTACHMENT: u16 = 0x9002;
const TITLE: u16 = 0x8010;
const DATA: u16 = 0x800f;
const PROPERTIES: u16 = 0x9005;

/// Properties of an attachment: its long name, and its bytes or the mail in it.
const LONG_NAME: u16 = 0x3707;
const OBJECT: u16 = 0x3701;

/// The attachments.
#[derive(Default)]
pub(in crate::inspect) struct Attached {
    pub(in crate::inspect) files: Vec<Member>,
    /// Mails and objects in a form that only Outlook reads, which have no name here.
    pub(in crate::inspect) objects: Vec<Member>,
}

/// Reads the attachments.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes) -> Attached {
    let (mut attached, mut attachment, mut at) = (Attached::default(), Attachment::default(), 6);
    let mut charset = String::new();
    while at < content.len() {
        let parsed = bytes::u16(content, at + 1).zip(bytes::length(content, at + 5));
        let data = parsed.and_then(|(_, length)| bytes::slice(content, at + 9, length));
        let (Some((id, length)), Some(data)) = (parsed, data) else {
            notes.obstacle(Obstacle::Damaged);
            break;
        };
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        notes.expect(bytes::u16(content, at + 9 + length) == Some(sum), Obstacle::Damaged);
        at += 9 + length + 2;
        match id {
            NEW_ATTACHMENT => std::mem::take(&mut attachment).end(&mut attached),
            CODE_PAGE => charset = charset_of(bytes::u32(data, 0)),
            TITLE => attachment.short_name = name(data, false, &charset),
            DATA => attachment.files.push(data.to_vec()),
            PROPERTIES => {
                notes.expect(attachment.take_properties(data, &charset).is_some(), Obstacle::Damaged);
            }
            _ => {}
        }
    }
    attachment.end(&mut attached);
    attached
}

#[derive(Default)]
struct Attachment {
    short_name: String,
    long_name: Option<String>,
    files: Vec<Vec<u8>>,
    /// Mails and objects, which the name does not describe.
    objects: Vec<Vec<u8>>,
}

impl Attachment {
    fn end(self, attached: &mut Attached) {
        let name = self.long_name.unwrap_or(self.short_name);
        attached.files.extend(self.files.into_iter().map(|content| Member { name: name.clone(), content }));
        let objects = self.objects.into_iter().map(|content| Member { name: String::new(), content });
        attached.objects.extend(objects);
    }

    /// Reads a list of properties; `None` if it is not one.
    fn take_properties(&mut self, data: &[u8], charset: &str) -> Option<()> {
        let mut at = 4;
        for _ in 0..bytes::u32(data, 0)? {
            let (kind, id) = (bytes::u16(data, at)?, bytes::u16(data, at + 2)?);
            at += 4;
            // One with a name instead of a number.
            if id >= 0x8000 {
                let length = match bytes::u32(data, at + 16)? {
                    0 => 0,
                    _ => bytes::length(data, at + 20)?.checked_next_multiple_of(4)?,
                };
                at = at.checked_add(24)?.checked_add(length)?;
            }
            let is_long = matches!(kind & 0xfff, 0x0d | 0x1e | 0x1f | 0x102);
            let count = match is_long || kind & 0x1000 != 0 {
                true => bytes::u32(data, at).inspect(|_| at += 4)?,
                false => 1,
            };
            for _ in 0..count {
                let length = match kind & 0xfff {
                    _ if is_long => bytes::length(data, at).inspect(|_| at += 4)?,
                    2..=4 | 0x0a | 0x0b => 4,
                    5..=7 | 0x14 | 0x40 => 8,
                    0x48 => 16,
                    _ => return None,
                };
                let value = bytes::slice(data, at, length)?;
                at += length.next_multiple_of(4);
                match id {
                    LONG_NAME => self.long_name = Some(name(value, kind & 0xfff == 0x1f, charset)),
                    // An object has the identifier of its interface first.
                    OBJECT if kind == 0x0d => self.objects.push(value.get(16..)?.to_vec()),
                    OBJECT => self.files.push(value.to_vec()),
                    _ => {}
                }
            }
        }
        Some(())
    }
}

/// The name of a code page of Windows as a character set; empty for an unknown one.
fn charset_of(page: Option<u32>) -> String {
    match page {
        Some(page @ 1250..=1258) => format!("windows-{page}"),
        Some(932) => "shift_jis".to_owned(),
        Some(936) => "gbk".to_owned(),
        Some(949) => "euc-kr".to_owned(),
        Some(950) => "big5".to_owned(),
        _ => String::new(),
    }
}

fn name(bytes: &[u8], is_wide: bool, charset: &str) -> String {
    let name = if is_wide { text::field(bytes, true) } else { encoded::decode(charset, bytes) };
    name.trim_end_matches('\0').to_owned()
}

//! Compound files (MS-CFB): documents of Office before 2007, mails of Outlook, installers, and objects in documents.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use cfb::CompoundFile;
use flate2::read::ZlibDecoder;

use super::{Member, biff, bytes, encoded, field, text};
use crate::inspect::name::claimed;
use crate::inspect::notes::Notes;
use crate::model::{ContentKind, Label, Obstacle};

/// The first bytes of all compound files.
const MAGIC: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Most streams and storages of a file.
const MAX_ENTRIES: usize = 20_000;

/// The classes of installers and their patches.
const INSTALLERS: [&str; 2] =
    ["000c1084-0000-0000-c000-000000000046", "000c1086-0000-0000-c000-000000000046"];

/// Streams that make a document of an office program.
const DOCUMENTS: [&str; 8] = [
    "worddocument",
    "workbook",
    "book",
    "powerpoint document",
    "visiodocument",
    "encryptedpackage",
    "pp97_dualstorage",
    "quill",
];

/// The stream with the properties of a mail of Outlook.
const PROPERTIES: &str = "__properties_version1.0";

/// Properties of an attachment in a mail of Outlook (MS-OXMSG): its bytes, its long and its short name.
const ATTACHMENT: &str = "__substg1.0_37010102";
const NAMES: [&str; 4] =
    ["__substg1.0_3707001f", "__substg1.0_3707001e", "__substg1.0_3704001f", "__substg1.0_3704001e"];

/// Whether a compound file is a mail of Outlook.
pub(in crate::inspect) fn is_mail(content: &[u8]) -> bool {
    CompoundFile::open(Cursor::new(content)).is_ok_and(|file| {
        file.walk().take(MAX_ENTRIES).any(|entry| entry.name().to_lowercase() == PROPERTIES)
    })
}

/// Reads a compound file: its kind, and the contents in it.
pub(in crate::inspect) fn read(content: &[u8], notes: &mut Notes) -> (ContentKind, Vec<Member>) {
    let Ok(mut file) = CompoundFile::open(Cursor::new(content)) else {
        // Office opens some of these. The parts that it would find have their names in there.
        notes.obstacle(Obstacle::Damaged);
        for name in ["VBA", "_VBA_PROJECT", "EncryptedPackage", "ObjectPool", "\u{1}Ole10Native"] {
            let wide: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
            if bytes::find(content, &wide, 0).is_some() {
                note_name(&name.to_lowercase(), true, notes);
            }
        }
        return (ContentKind::Office, Vec::new());
    };
    let class = file.root_entry().clsid().to_string();
    let entries: Vec<_> = file
        .walk()
        .take(MAX_ENTRIES + 1)
        .map(|entry| (entry.path().to_owned(), entry.name().to_lowercase(), entry.is_stream(), entry.len()))
        .collect();
    notes.expect(entries.len() <= MAX_ENTRIES, Obstacle::TooManyMembers);
    let names: BTreeSet<&str> = entries.iter().map(|(_, name, ..)| name.as_str()).collect();
    let kind = kind(&class, &names, notes);
    let (mut members, mut attachment_names) = (Vec::new(), BTreeMap::new());
    for (path, name, is_stream, length) in &entries {
        note_name(name, *is_stream, notes);
        if !is_stream || !is_read(name) || notes.is_over() {
            continue;
        }
        // One whose place in the tree does not fit its name is found by some programs only.
        let Ok(mut stream) = file.open_stream(path) else {
            notes.obstacle(Obstacle::Ambiguous);
            continue;
        };
        let packed = usize::try_from(*length).unwrap_or(usize::MAX).min(content.len());
        let Some(stream) = notes.expand(packed, &mut stream) else { continue };
        let folder = path.parent().map(ToOwned::to_owned).unwrap_or_default();
        if let Some(rank) = NAMES.iter().position(|known| known == name) {
            let known = attachment_names.entry(folder).or_insert((usize::MAX, String::new()));
            if rank < known.0 {
                let is_wide = name.ends_with('f');
                let name = if is_wide { text::field(&stream, true) } else { encoded::plain(&stream) };
                *known = (rank, name);
            }
            continue;
        }
        members.extend(note_stream(name, stream, notes).into_iter().map(|member| (folder.clone(), member)));
    }
    let with_name = |(folder, member): (_, Member)| match attachment_names.get(&folder) {
        Some((_, name)) if member.name.is_empty() => Member { name: name.clone(), ..member },
        _ => member,
    };
    (kind, members.into_iter().map(with_name).collect())
}

fn kind(class: &str, names: &BTreeSet<&str>, notes: &mut Notes) -> ContentKind {
    if INSTALLERS.contains(&class) {
        return ContentKind::Program;
    }
    if names.contains(PROPERTIES) {
        return ContentKind::Mail;
    }
    if DOCUMENTS.iter().any(|name| names.contains(name)) {
        return ContentKind::Office;
    }
    if names.contains("fileheader") && names.contains("docinfo") {
        // Hangul; its sections are not read.
        notes.obstacle(Obstacle::UnreadableFormat);
        return ContentKind::Office;
    }
    // Macros or an object, as they lie in documents.
    if ["vba", "\u{1}ole10native", "\u{1}ole", "\u{1}compobj", "\u{3}ocxname", "package"]
        .iter()
        .any(|name| names.contains(name))
    {
        return ContentKind::Other;
    }
    // Small pictures of a folder's files, by Windows: a list, and streams with numbers.
    let is_number = |name: &&str| name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let is_other = |name: &&&str| !["catalog", "root entry"].contains(*name);
    if names.contains("catalog") && names.iter().filter(is_other).all(is_number) {
        return ContentKind::Other;
    }
    ContentKind::Unknown
}

/// Notes the findings in the name of a stream or storage; in lower case.
fn note_name(name: &str, is_stream: bool, notes: &mut Notes) {
    match name {
        "vba" | "macros" | "_vba_project" | "_vba_project_cur" => notes.label(Label::Macros),
        "encryptedpackage"
        | "encryptedsummary"
        | "\tdrmcontent"
        | "\u{9}drmviewercontent"
        | "encryptedstg" => {
            notes.obstacle(Obstacle::Encrypted);
        }
        "\u{1}ole10native" | "\u{1}ole10itemname" | "objectpool" => notes.label(Label::OleObject),
        "\u{3}ocxname" | "\u{3}ocxdata" | "ocxname" | "ocxdata" | "ctls" => notes.label(Label::ActiveX),
        _ if !is_stream && name.starts_with("mbd") => notes.label(Label::OleObject),
        _ => {}
    }
}

fn is_read(name: &str) -> bool {
    NAMES.contains(&name)
        || [
            "worddocument",
            "0table",
            "1table",
            "workbook",
            "book",
            "powerpoint document",
            "current user",
            "\u{1}ole10native",
            "\u{1}ole",
            "package",
            "contents",
            ATTACHMENT,
        ]
        .contains(&name)
}

/// Notes the facts in a stream, and returns the contents in it.
fn note_stream(name: &str, stream: Vec<u8>, notes: &mut Notes) -> Vec<Member> {
    match name {
        "worddocument" => note_word(&stream, notes),
        "0table" | "1table" => note_template(&stream, notes),
        "workbook" | "book" => biff::note_records(&stream, notes),
        // Its records are encrypted, too.
        "powerpoint document" if notes.labels.contains(&Label::Encrypted) => {}
        "powerpoint document" => return slides(&stream, notes),
        "current user" => {
            // MS-PPT 2.3.2: the mark of an encrypted document.
            notes.expect(bytes::u32(&stream, 12) != Some(0xf3d1_c4df), Obstacle::Encrypted);
        }
        "\u{1}ole10native" => return package(stream.get(4..).unwrap_or_default(), notes),
        "\u{1}ole" => {
            // MS-OLEDS 2.3.3: a linked object.
            if bytes::u32(&stream, 4).is_some_and(|flags| flags & 1 == 1) {
                notes.label(Label::ExternalObject);
            }
        }
        _ => return vec![Member { name: String::new(), content: stream }],
    }
    Vec::new()
}

/// A document of Word (MS-DOC): whether it is encrypted, and what its fields do.
fn note_word(stream: &[u8], notes: &mut Notes) {
    notes.expect(bytes::u16(stream, 10).is_some_and(|flags| flags & 0x0100 == 0), Obstacle::Encrypted);
    let mut at = 0;
    while let Some(begin) = bytes::find(stream, b"\x13", at) {
        at = begin + 1;
        let rest = stream.get(at..).unwrap_or_default();
        // Text of 8 or 16 bits: without its zeros, commands look the same. It ends with the field or its result.
        let instruction: String = rest
            .iter()
            .take(MAX_FIELD)
            .take_while(|byte| !matches!(byte, 0x14 | 0x15))
            .filter(|byte| **byte != 0)
            .map(|byte| char::from(*byte))
            .collect();
        field::note_instruction(&instruction, notes);
    }
}

/// The tables of a document of Word, which have the place of its template (MS-DOC 2.9.280), and no hyperlinks.
fn note_template(stream: &[u8], notes: &mut Notes) {
    for start in ["http://", "https://", "\\\\"] {
        let wide: Vec<u8> = start.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut at = 0;
        while let Some(found) = bytes::find(stream, &wide, at) {
            at = found + wide.len();
            let rest = stream.get(at..).unwrap_or_default();
            let place = text::field(rest.get(..MAX_PLACE).unwrap_or(rest), true);
            let place = place.split(char::is_control).next().unwrap_or_default().to_lowercase();
            if start.starts_with("http") || [".dot", ".dotm", ".dotx"].iter().any(|end| place.ends_with(end))
            {
                notes.label(Label::ExternalTemplate);
            }
        }
    }
}

/// Most bytes of the place of a template that are looked at.
const MAX_PLACE: usize = 520;

/// Most bytes of a field's instruction that are looked at.
const MAX_FIELD: usize = 2 << 10;

/// Beginnings of records in slides (MS-PPT 2.13.24): version and instance, type.
const SLIDE_RECORDS: [(&[u8; 4], Label); 3] = [
    (b"\x0f\0\xcc\x0f", Label::OleObject),
    (b"\x0f\0\xce\x0f", Label::ExternalObject),
    (b"\x0f\0\xee\x0f", Label::ActiveX),
];

/// The beginning of a record about the action of a click, with its length.
const CLICK: &[u8] = b"\0\0\xf3\x0f\x10\0\0\0";

/// The type of a record with an object.
const OBJECT: &[u8] = b"\x11\x10";

/// The objects in slides, and the effects of clicks on shapes. Programs find records by a list of their places, which
/// need not be in the tree of records: so they are looked for everywhere.
fn slides(stream: &[u8], notes: &mut Notes) -> Vec<Member> {
    for (begin, label) in SLIDE_RECORDS {
        if bytes::find(stream, begin, 0).is_some() {
            notes.label(label);
        }
    }
    let mut at = 0;
    while let Some(click) = bytes::find(stream, CLICK, at) {
        at = click + CLICK.len();
        match stream.get(at + 8) {
            Some(1) => notes.label(Label::Macros),
            Some(2) => notes.label(Label::Launch),
            _ => {}
        }
    }
    let (mut members, mut at) = (Vec::new(), 0);
    while let Some(kind) = bytes::find(stream, OBJECT, at).filter(|_| !notes.is_over()) {
        at = kind + OBJECT.len();
        let record = bytes::length(stream, at).and_then(|length| bytes::slice(stream, at + 4, length));
        let is_packed = match kind.checked_sub(2).and_then(|head| bytes::slice(stream, head, 2)) {
            Some([0, 0]) => false,
            Some([0x10, 0]) => true,
            _ => continue,
        };
        let content = match record {
            Some(record) if !is_packed && record.starts_with(MAGIC) => Some(record.to_vec()),
            // Its size, and its bytes packed by zlib; some writers leave out the checksum at the end.
            Some(record) if is_packed && record.get(4) == Some(&0x78) => {
                let packed = record.get(4..).unwrap_or_default();
                let size = u64::from(bytes::u32(record, 0).unwrap_or_default());
                notes.expand(packed.len(), &mut ZlibDecoder::new(packed).take(size))
            }
            _ => continue,
        };
        members.extend(content.map(|content| Member { name: String::new(), content }));
    }
    members
}

/// A file as Windows' Packager embedded it: its names and its bytes. Other objects are passed on as they are.
pub(super) fn package(data: &[u8], notes: &mut Notes) -> Vec<Member> {
    notes.label(Label::OleObject);
    let whole = || vec![Member { name: String::new(), content: data.to_vec() }];
    let parsed = (|| {
        let mut at = 2;
        let word = |at: &mut usize| {
            let length = data.get(*at..)?.iter().position(|byte| *byte == 0)?;
            let word = text::field(bytes::slice(data, *at, length)?, false);
            *at += length + 1;
            Some(word)
        };
        let (label, path) = (word(&mut at)?, word(&mut at)?);
        let form = bytes::u16(data, at + 2)?;
        at += 4;
        if form != 3 {
            return Some((label, path, None));
        }
        at += 4;
        word(&mut at)?;
        let length = bytes::length(data, at)?;
        Some((label, path, Some(bytes::slice(data, at + 4, length)?)))
    })();
    match (bytes::u16(data, 0), parsed) {
        (Some(2), Some((label, path, Some(content)))) => {
            // It is started by the ending of either name.
            let name = if claimed(&path) > claimed(&label) { path } else { label };
            vec![Member { name, content: content.to_vec() }]
        }
        (Some(2), Some((_, _, None))) => {
            notes.label(Label::ExternalObject);
            whole()
        }
        (Some(2), None) => {
            notes.obstacle(Obstacle::Damaged);
            whole()
        }
        _ => whole(),
    }
}

/// An object as documents of the first OLE have it (MS-OLEDS 2.2), in RTF to this day.
pub(super) fn first_ole(data: &[u8], notes: &mut Notes) -> Vec<Member> {
    notes.label(Label::OleObject);
    let parsed = (|| {
        let form = bytes::u32(data, 4)?;
        let mut at = 8;
        let mut texts = Vec::new();
        for _ in 0..3 {
            let length = bytes::length(data, at)?;
            texts.push(
                text::field(bytes::slice(data, at + 4, length)?, false).trim_end_matches('\0').to_lowercase(),
            );
            at += 4 + length;
        }
        let length = bytes::length(data, at)?;
        Some((form, texts.swap_remove(0), bytes::slice(data, at + 4, length)?))
    })();
    let whole = |content: &[u8]| vec![Member { name: String::new(), content: content.to_vec() }];
    let Some((form, class, native)) = parsed else {
        // Written to be read by one program and not by others.
        notes.obstacle(Obstacle::Ambiguous);
        return bytes::find(data, MAGIC, 0).and_then(|at| data.get(at..)).map(whole).unwrap_or_default();
    };
    if form == 1 || class.contains("link") {
        notes.label(Label::ExternalObject);
    }
    if class == "package" { package(native, notes) } else { whole(native) }
}

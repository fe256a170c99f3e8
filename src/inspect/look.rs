//! Looks into a content and into everything inside it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::rc::Rc;

use bzip2::read::MultiBzDecoder;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use lzma_rust2::XzReader;

use super::Inspection;
use super::answer::Examined;
use super::format::manifest::{self, MANIFEST};
use super::format::seven_zip::Reading;
use super::format::zip::Entry;
use super::format::{
    Member, cms, field, mail, odf, ole, ooxml, pdf, rar, rtf, seven_zip, tar, text, tnef, zip,
};
use super::frames;
use super::keys::Keys;
use super::kind::{APPLE_DOUBLE, Format, is_sealed};
use super::name::{claimed, stricter};
use super::notes::{Handed, MAX_NESTING, Notes};
use super::open::{Opening, open_by_any};
use crate::model::{ContentKind, Label, Obstacle};

/// The role of a content in the one around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A file of its own, which is opened by itself.
    File,
    /// A part of a document: the office program that reads the document gives it its meaning.
    Part,
}

/// Looks into a whole content, whose name is not known here. Only the child may call it, and tests.
pub fn look_into(content: &[u8]) -> Inspection {
    let mut notes = Notes::new(content.len() as u64);
    let kind = look(content, Role::File, 0, &mut notes);
    Inspection { kind, labels: notes.labels, obstacle: notes.obstacle, members: notes.members }
}

/// Looks into a whole content and opens its encrypted parts. Writes as frames the members, at all depths, that scanners
/// cannot reach, because archives of methods that they do not read hold them or because they were encrypted; or all members.
/// PDFs that are encrypted follow as they are. The answer comes last. Only the child may call it, and tests.
///
/// Errors: those of the output.
pub(super) fn write_examined(
    content: &[u8],
    keys: Keys,
    gives_all: bool,
    output: &Rc<RefCell<impl Write + 'static>>,
) -> io::Result<()> {
    let shared = Rc::clone(output);
    let give = move |handed: Handed<'_>| match handed {
        Handed::Member(member) => {
            frames::write_file(&mut *shared.borrow_mut(), &[NAMELESS.to_owned()], member)
        }
        Handed::LockedPdf(pdf) => frames::write_locked(&mut *shared.borrow_mut(), pdf),
    };
    let mut notes = Notes::new(content.len() as u64).opening_with(keys).handing_out(gives_all, give);
    let kind = look(content, Role::File, 0, &mut notes);
    let Notes { labels, obstacle, members, unreached, keys, .. } = notes;
    let inspection = Inspection { kind, labels, obstacle, members };
    let answer = Examined { inspection, tried: keys.map(|keys| keys.tried).unwrap_or_default() };
    frames::write_answer(&mut *output.borrow_mut(), unreached, &answer.to_json())
}

/// The name of a member that is handed out without its own.
const NAMELESS: &str = "member";

/// Looks into a content and, if it is encrypted, into its plaintext.
fn look(content: &[u8], role: Role, depth: u32, notes: &mut Notes) -> ContentKind {
    if content.is_empty() {
        return ContentKind::Text;
    }
    let (kind, is_locked) = notes.at_one_level(|notes| look_as_it_is(content, role, depth, notes));
    if !is_locked {
        return kind;
    }
    if Format::of(content) == Format::Pdf {
        notes.hand_out_locked(content);
        return kind;
    }
    let Some(open) = opened(content, depth, notes) else {
        notes.stays_closed();
        return kind;
    };
    let mut found = kind;
    if notes.note_expanded(content.len(), open.len()) {
        notes.hand_out(&open);
        notes.holding(open.len(), |notes| found = look(&open, role, depth + 1, notes));
    }
    // The two may show something different to different programs.
    kind.max(found)
}

/// A content without its encryption, by any of the passwords.
fn opened(content: &[u8], depth: u32, notes: &mut Notes) -> Option<Vec<u8>> {
    if notes.is_over() {
        return None;
    }
    if depth >= MAX_NESTING {
        notes.obstacle(Obstacle::NestedTooDeep);
        return None;
    }
    let mut keys = notes.keys.take()?;
    let opening = notes
        .fenced(|_| keys.for_one_more().map(|given| open_by_any(content, given)))
        .flatten()
        .unwrap_or(Err(Opening::NotRead));
    match &opening {
        Ok((_, by)) => keys.note(*by),
        Err(opening) => {
            keys.tried.is_wrong |= *opening == Opening::WrongPassword;
            keys.tried.is_too_large |= *opening == Opening::TooLarge;
        }
    }
    notes.keys = Some(keys);
    opening.ok().map(|(open, _)| open)
}

fn look_as_it_is(content: &[u8], role: Role, depth: u32, notes: &mut Notes) -> ContentKind {
    let format = Format::of(content);
    if format.has_a_second(content) {
        notes.label(Label::Polyglot);
        notes.obstacle(Obstacle::Ambiguous);
    }
    notes.expect(!is_sealed(content), Obstacle::Encrypted);
    let mut kind = format.kind();
    let members = match format {
        Format::Zip => return archive(content, depth, notes),
        Format::Tar => {
            tar::read(content, notes, |notes, member| look_at(&member, Role::File, depth, notes));
            return kind;
        }
        Format::Ole => {
            let read = notes.fenced(|notes| ole::read(content, notes));
            let (found, members) = read.unwrap_or((kind, Vec::new()));
            kind = found;
            members
        }
        Format::Pdf => notes.fenced(|notes| pdf::read(content, notes)).unwrap_or_default(),
        Format::Rtf => notes.fenced(|notes| rtf::read(content, notes)).unwrap_or_default(),
        Format::Tnef => {
            let attached = notes.fenced(|notes| tnef::read(content, notes)).unwrap_or_default();
            attached.files.into_iter().chain(attached.objects).collect()
        }
        Format::Mail => {
            mail::walk(content, notes, &mut |notes, leaf| look_at_leaf(leaf, depth, notes));
            return kind;
        }
        Format::Signed => signed(content, notes),
        Format::FlatOffice => {
            let read = notes.fenced(|notes| {
                ooxml::note_part("", content, notes);
                odf::note_xml(content, notes)
            });
            read.unwrap_or_default()
        }
        Format::Gzip => unpacked(notes.expand(content.len(), &mut MultiGzDecoder::new(content))),
        Format::Bzip2 => {
            let read = notes.fenced(|notes| notes.expand(content.len(), &mut MultiBzDecoder::new(content)));
            let read = read.flatten();
            // ClamAV reads the first of several streams only; programs that use all processors write many.
            if let Some(content) = &read {
                notes.hand_out(content);
            }
            unpacked(read)
        }
        Format::Xz => {
            let read = notes.fenced(|notes| {
                notes.expand(content.len(), &mut XzReader::new_mem_limit(content, true, MAX_XZ_KIB))
            });
            unpacked(read.flatten())
        }
        Format::SevenZip => {
            seven_zip_members(content, depth, notes);
            return kind;
        }
        Format::Rar => {
            rar_members(content, depth, notes);
            return kind;
        }
        Format::Mso => {
            let packed = content.get(MSO_HEAD..).unwrap_or_default();
            unpacked(notes.expand(packed.len(), &mut ZlibDecoder::new(packed)))
        }
        Format::Text => {
            field::note_formulas(&text::text(content).unwrap_or_default(), notes);
            Vec::new()
        }
        Format::Leaf(_) | Format::Opaque(_) => Vec::new(),
    };
    if kind == ContentKind::Unknown && role == Role::File
        || matches!(format, Format::Opaque(kind) if kind != ContentKind::Unknown)
    {
        notes.obstacle(Obstacle::UnreadableFormat);
    }
    // Objects in documents may have a form of their own; a part with a name is a file that a click opens.
    let is_document =
        kind == ContentKind::Office || matches!(format, Format::Ole) && kind == ContentKind::Other;
    for member in members {
        let is_part = is_document && member.name.is_empty();
        look_at(&member, if is_part { Role::Part } else { Role::File }, depth, notes);
    }
    kind
}

fn seven_zip_members(content: &[u8], depth: u32, notes: &mut Notes) {
    let reading = notes.fenced(|notes| {
        seven_zip::read(content, "", notes, &mut |notes, member, is_unreached| {
            if is_unreached {
                notes.hand_out(&member.content);
            }
            look_at(&member, Role::File, depth, notes);
        })
    });
    let Reading { unread, is_loose } = reading.unwrap_or_default();
    notes.expect(!is_loose, Obstacle::Ambiguous);
    note_unread(unread, notes);
}

fn rar_members(content: &[u8], depth: u32, notes: &mut Notes) {
    let unread = notes.fenced(|notes| {
        rar::read(content, notes, &mut |notes, member| {
            notes.hand_out(&member.content);
            look_at(&member, Role::File, depth, notes);
        })
    });
    note_unread(unread.unwrap_or_default(), notes);
}

fn look_at_leaf(leaf: mail::Leaf, depth: u32, notes: &mut Notes) {
    match leaf.role {
        // A page that is no attachment is the text of the mail.
        mail::Role::Page => {
            notes.count_member();
            notes.hand_out_any(&leaf.member.content);
        }
        mail::Role::Mail => {
            let member = Member { name: mail::MAIL.to_owned(), ..leaf.member };
            look_at(&member, Role::File, depth, notes);
        }
        mail::Role::Text | mail::Role::File => look_at(&leaf.member, Role::File, depth, notes),
    }
}

/// The content that a signature is about.
pub(super) fn signed(content: &[u8], notes: &mut Notes) -> Vec<Member> {
    let signed = match cms::read(content) {
        Some(cms::Cms::Signed(Some(octets))) => octets.bytes(),
        _ => None,
    };
    notes.expect(signed.is_some(), Obstacle::Damaged);
    unpacked(signed)
}

/// Most KiB of memory for the decoder of an xz file; `xz -9` takes 65 MiB.
pub(super) const MAX_XZ_KIB: u32 = 160 << 10;

/// Bytes before the compressed ones in files that Office puts beside a document.
const MSO_HEAD: usize = 50;

fn unpacked(content: Option<Vec<u8>>) -> Vec<Member> {
    content.map(|content| Member { name: String::new(), content }).into_iter().collect()
}

/// Looks at a member of a content that lies at `depth`.
fn look_at(member: &Member, role: Role, depth: u32, notes: &mut Notes) {
    if notes.is_over() || !notes.count_member() {
        return;
    }
    if depth >= MAX_NESTING {
        notes.obstacle(Obstacle::NestedTooDeep);
        return note_kind(claimed(&member.name), notes);
    }
    notes.hand_out_any(&member.content);
    notes.holding(member.content.len(), |notes| {
        let found = look(&member.content, role, depth + 1, notes);
        let kind = if member.content.is_empty() {
            claimed(&member.name).unwrap_or(found)
        } else if member.content.starts_with(APPLE_DOUBLE) {
            found
        } else {
            stricter(found, &member.name, notes)
        };
        note_kind(Some(kind), notes);
    });
}

/// Members of which only the names were read.
fn note_unread(names: Vec<String>, notes: &mut Notes) {
    for name in names {
        notes.count_member();
        note_kind(claimed(&name), notes);
    }
}

fn note_kind(kind: Option<ContentKind>, notes: &mut Notes) {
    if let Some(label) = kind.and_then(ContentKind::as_member) {
        notes.label(label);
    }
}

/// A ZIP archive, and the formats that programs make of it.
fn archive(content: &[u8], depth: u32, notes: &mut Notes) -> ContentKind {
    let entries = notes.fenced(|notes| zip::entries(content, notes)).unwrap_or_default();
    let names: BTreeSet<String> = entries.iter().map(|entry| entry.name.to_lowercase()).collect();
    let is_ooxml = names.contains(ooxml::CONTENT_TYPES);
    let mimetype = entries.iter().find(|entry| entry.name == "mimetype");
    let mimetype = mimetype.and_then(|entry| entry.expand(content, notes));
    let is_odf = mimetype.is_some_and(|found| odf::MIMETYPES.iter().any(|known| found.starts_with(known)));
    if is_ooxml {
        // Parts whose names differ in case only are the same to some programs.
        notes.expect(names.len() == entries.len(), Obstacle::Ambiguous);
        notes.expect(!is_odf, Obstacle::Ambiguous);
    }
    let sealed = if is_odf { sealed(content, &entries, notes) } else { BTreeSet::new() };
    // A part that should be XML, in an encoding that other programs may know.
    let mut has_odd = false;
    for entry in entries.iter().filter(|entry| !entry.is_folder()) {
        let part = if sealed.contains(&entry.name) {
            notes.obstacle(Obstacle::Encrypted);
            None
        } else {
            entry.expand(content, notes)
        };
        let Some(part) = part else {
            if notes.is_over() {
                break;
            }
            notes.count_member();
            note_kind(claimed(&entry.name), notes);
            continue;
        };
        if entry.is_unreached() {
            notes.hand_out(&part);
        }
        let (mut objects, mut is_done) = (Vec::new(), false);
        if is_ooxml {
            ooxml::note_name(&entry.name, notes);
            ooxml::note_binary_part(&part, notes);
        }
        if is_odf {
            odf::note_name(&entry.name, notes);
        }
        let name = entry.name.to_lowercase();
        let is_xml = (is_ooxml || is_odf) && ooxml::is_xml(&part);
        has_odd |= !is_xml && !part.is_empty() && [".xml", ".rels"].iter().any(|end| name.ends_with(end));
        if is_xml {
            is_done = claimed(&name) != Some(ContentKind::Web);
            notes.holding(part.len(), |notes| {
                notes.fenced(|notes| {
                    if is_ooxml {
                        ooxml::note_part(&entry.name, &part, notes);
                    }
                    if is_odf {
                        objects = odf::note_xml(&part, notes);
                    }
                });
            });
            if is_done {
                notes.count_member();
                notes.hand_out_any(&part);
            }
        }
        let role = if is_ooxml || is_odf { Role::Part } else { Role::File };
        for object in objects {
            look_at(&object, role, depth, notes);
        }
        if !is_done {
            look_at(&Member { name: entry.name.clone(), content: part }, role, depth, notes);
        }
    }
    if has_odd && (is_ooxml || is_odf) && !notes.has_met_encrypted() {
        notes.obstacle(Obstacle::Ambiguous);
    }
    let has = |name: &str| names.contains(name);
    let is_jar = has("meta-inf/manifest.mf") && names.iter().any(|name| ending(name) == "class");
    if is_jar || has("androidmanifest.xml") || has("appxmanifest.xml") {
        ContentKind::Program
    } else if is_ooxml || is_odf || names.iter().any(|name| ending(name) == "iwa") {
        ContentKind::Office
    } else {
        ContentKind::Archive
    }
}

/// The members of a document that its list calls encrypted: they look like anything.
fn sealed(content: &[u8], entries: &[Entry], notes: &mut Notes) -> BTreeSet<String> {
    let list = entries.iter().find(|entry| entry.name == MANIFEST);
    let Some(list) = list.and_then(|list| list.expand(content, notes)) else { return BTreeSet::new() };
    let listed = notes.fenced(|_| manifest::read(&list, &mut Notes::new(list.len() as u64)));
    let sealed = listed.unwrap_or_default().members.into_iter().filter(|listed| listed.sealing.is_some());
    sealed.map(|listed| listed.path).collect()
}

fn ending(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

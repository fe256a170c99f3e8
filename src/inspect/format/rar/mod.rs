//! RAR archives of the versions 1.5 to 7. Their headers are read here, as strictly as no other program does; a reader of
//! that format in Rust unpacks the members, and must have found the same ones.

mod rar4;
mod rar5;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::rc::Rc;

use rars::{
    Archive, ArchiveMember, ArchiveReadOptions, ArchiveReader, Error, ErrorKind, ExtractionDecision,
    ExtractionErrorAction,
};

use super::Member;
use crate::inspect::name::leaves_its_folder;
use crate::inspect::notes::Notes;
use crate::model::{Label, Obstacle};

/// How archives of the old form begin, and those since version 5.
const OLD: &[u8] = b"Rar!\x1a\x07\0";
const NEW: &[u8] = b"Rar!\x1a\x07\x01\0";

/// Most bytes at the beginning of a content in which programs look for an archive behind something else.
const MAX_STUB: usize = 1 << 20;

/// Most bytes of memory for the decoders of one archive: more than any setting of `WinRAR` but the largest takes.
const MAX_DECODERS: u64 = 160 << 20;

/// Most bytes of all headers of one archive.
const MAX_HEADERS: u64 = 16 << 20;

/// A member as its header has it.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    /// The name that programs without Unicode show; of new archives, the only one.
    name: String,
    packed: u64,
    size: u64,
    is_folder: bool,
    is_encrypted: bool,
}

/// The contents of the headers.
#[derive(Debug, Default)]
struct Headers {
    members: Vec<Header>,
    /// Whether they are encrypted themselves.
    is_sealed: bool,
    /// Whether other volumes have parts of the members.
    is_volume: bool,
}

/// Whether programs find an archive behind the beginning of a content.
pub(in crate::inspect) fn follows(content: &[u8]) -> bool {
    let head = content.get(..MAX_STUB).unwrap_or(content);
    let mut at = 1;
    while let Some(found) = super::bytes::find(head, b"Rar!\x1a\x07", at) {
        if head.get(found..).is_some_and(|rest| rest.starts_with(OLD) || rest.starts_with(NEW)) {
            return true;
        }
        at = found + 1;
    }
    false
}

/// Passes each file to `take`, and returns the names of those that could not be read.
pub(in crate::inspect) fn read(
    content: &[u8],
    notes: &mut Notes,
    take: &mut dyn FnMut(&mut Notes, Member),
) -> Vec<String> {
    let headers = if content.starts_with(OLD) {
        rar4::headers(content, notes)
    } else if content.starts_with(NEW) {
        rar5::headers(content, notes)
    } else {
        notes.obstacle(Obstacle::UnreadableFormat);
        return Vec::new();
    };
    if headers.is_sealed {
        notes.obstacle(Obstacle::Encrypted);
        return Vec::new();
    }
    if notes.is_over() {
        return Vec::new();
    }
    let mut unread = Vec::new();
    // The reader keeps a copy of its own.
    notes.holding(content.len(), |notes| unread = unpack(content, &headers, notes, take));
    unread
}

fn unpack(
    content: &[u8],
    headers: &Headers,
    notes: &mut Notes,
    take: &mut dyn FnMut(&mut Notes, Member),
) -> Vec<String> {
    let options = ArchiveReadOptions::new()
        .with_max_header_bytes(MAX_HEADERS)
        .with_max_reader_workspace_bytes(MAX_DECODERS);
    let archive = match ArchiveReader::read_with_options(content, options) {
        Ok(archive) => archive,
        Err(error) => {
            notes.obstacle(obstacle(&error));
            return headers.members.iter().map(|header| header.name.clone()).collect();
        }
    };
    notes.expect(headers.is_volume || agree(headers, &archive), Obstacle::Ambiguous);
    let mut unread = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (member, header) in archive.members().zip(&headers.members) {
        let name = name(&member);
        // The name in programs without Unicode is of the same kind; which of two they keep depends on the program.
        let is_clear = ending(&name) == ending(&header.name) && !name.contains('\0');
        notes.expect(is_clear && seen.insert(name.clone()), Obstacle::Ambiguous);
        if leaves_its_folder(&name) {
            notes.label(Label::DeceptiveName);
        }
        if !member.meta.is_directory {
            *unread.entry(name).or_insert(0_u32) += 1;
        }
    }
    let unpacking = RefCell::new(Unpacking { content, notes, take, unread, open: None });
    let done = archive.extract_with_control_and_errors(
        options,
        |member| Ok(unpacking.borrow_mut().next(member)),
        |_, error| {
            unpacking.borrow_mut().finish(Some(error));
            Ok(ExtractionErrorAction::Continue)
        },
    );
    let mut unpacking = unpacking.into_inner();
    unpacking.finish(done.err().as_ref());
    let unread = unpacking.unread.into_iter().filter(|(_, count)| *count > 0);
    unread.map(|(name, _)| name).collect()
}

/// Whether the reader found the members that the headers name.
fn agree(headers: &Headers, archive: &Archive) -> bool {
    let found = archive.members().map(|member| {
        let meta = member.meta;
        (meta.packed_size, meta.unpacked_size, meta.is_directory, meta.is_encrypted)
    });
    found.eq(headers
        .members
        .iter()
        .map(|header| (header.packed, header.size, header.is_folder, header.is_encrypted)))
}

/// One pass over the members.
struct Unpacking<'a> {
    content: &'a [u8],
    notes: &'a mut Notes,
    take: &'a mut dyn FnMut(&mut Notes, Member),
    unread: BTreeMap<String, u32>,
    /// The member that is being unpacked.
    open: Option<(String, Rc<RefCell<Sink>>)>,
}

impl Unpacking<'_> {
    /// Passes on the member before this one, which is complete, and decides about this one.
    fn next(&mut self, member: &ArchiveMember) -> ExtractionDecision {
        self.finish(None);
        let meta = &member.meta;
        if self.notes.is_over() {
            return ExtractionDecision::Stop;
        }
        if meta.is_directory || meta.is_redirection {
            return ExtractionDecision::Skip;
        }
        if meta.is_encrypted || meta.is_split_before || meta.is_split_after {
            self.notes.expect(!meta.is_encrypted, Obstacle::Encrypted);
            return ExtractionDecision::Skip;
        }
        let most = self.notes.allowance(self.content.len());
        let sink = Rc::new(RefCell::new(Sink { bytes: Vec::new(), most }));
        self.open = Some((name(member), Rc::clone(&sink)));
        ExtractionDecision::Extract(Box::new(Into(sink)))
    }

    /// Passes on the unpacked bytes of the open member; after an error, too: other programs show them.
    fn finish(&mut self, error: Option<&Error>) {
        let open = self.open.take().map(|(name, sink)| (name, std::mem::take(&mut sink.borrow_mut().bytes)));
        if let Some((_, bytes)) = &open
            && !self.notes.note_expanded(self.content.len(), bytes.len())
        {
            return;
        }
        if let Some(error) = error {
            self.notes.obstacle(obstacle(error));
        }
        let Some((name, content)) = open.filter(|(_, bytes)| error.is_none() || !bytes.is_empty()) else {
            return;
        };
        if let Some(count) = self.unread.get_mut(&name) {
            *count = count.saturating_sub(1);
        }
        (self.take)(self.notes, Member { name, content });
    }
}

/// Where a member is unpacked to, within a bound.
struct Sink {
    bytes: Vec<u8>,
    most: u64,
}

struct Into(Rc<RefCell<Sink>>);

impl Write for Into {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sink = self.0.borrow_mut();
        // One byte more than allowed says that there is more.
        let room = (sink.most + 1).saturating_sub(sink.bytes.len() as u64);
        let taken = bytes.get(..usize::try_from(room).unwrap_or(usize::MAX)).unwrap_or(bytes);
        if taken.is_empty() && !bytes.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        sink.bytes.try_reserve(taken.len())?;
        sink.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A member's name: in UTF-8, or else in Latin-1.
fn name(member: &ArchiveMember) -> String {
    decoded(&member.meta.name)
}

fn decoded(raw: &[u8]) -> String {
    match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => raw.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn ending(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next()?;
    file.rsplit_once('.').map(|(_, ending)| ending.to_lowercase())
}

fn obstacle(error: &Error) -> Obstacle {
    match error.kind() {
        ErrorKind::PasswordRequired | ErrorKind::BadPassword => Obstacle::Encrypted,
        ErrorKind::UnsupportedFeature | ErrorKind::UnsupportedFormat | ErrorKind::ResourceLimit => {
            Obstacle::UnreadableFormat
        }
        _ => Obstacle::Damaged,
    }
}

//! Takes the documents and mails out of an archive, in the child: those from which programs make a PDF.

use std::io::{self, Write};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use secrecy::SecretString;

use super::file_name::named;
use super::format::{Member, ooxml, rar, seven_zip, tar, zip};
use super::frames::{self, MAX_NAMES};
use super::kind::Format;
use super::look::MAX_XZ_KIB;
use super::name::claimed;
use super::notes::{MAX_NESTING, Notes};
use super::open::open_by_any;
use crate::model::{ContentKind, Obstacle};

/// Most documents and mails that are handed out of one archive: a PDF of each takes seconds.
pub(super) const MAX_DOCUMENTS: u32 = 50;

/// Most bytes of all documents that are handed out of one archive.
pub(super) const MAX_ALL_DOCUMENTS: u64 = 256 << 20;

/// Writes as frames the documents and mails in an archive, with their folders in it; an archive in it is a folder. Only the
/// child may call it, and tests.
///
/// Errors: those of the output.
pub(super) fn write_documents(
    archive: &[u8],
    passwords: &[SecretString],
    output: &mut dyn Write,
) -> io::Result<()> {
    let mut notes = Notes::new(archive.len() as u64);
    let mut gathering = Gathering { output, passwords, files: 0, bytes: 0, failed: None };
    gathering.archive(archive, &[], 0, &mut notes);
    match gathering.failed {
        Some(error) => Err(error),
        None => frames::write_end(gathering.output, gathering.files, notes.obstacle),
    }
}

struct Gathering<'o> {
    output: &'o mut dyn Write,
    /// Passwords for encrypted parts.
    passwords: &'o [SecretString],
    /// Documents and bytes that were handed out.
    files: u32,
    bytes: u64,
    failed: Option<io::Error>,
}

impl Gathering<'_> {
    /// The members of an archive, which is a folder.
    fn archive(&mut self, content: &[u8], folder: &[String], depth: u32, notes: &mut Notes) {
        if depth >= MAX_NESTING {
            return notes.obstacle(Obstacle::NestedTooDeep);
        }
        if let Some(open) = self.opened(content, notes) {
            return notes.holding(open.len(), |notes| self.archive(&open, folder, depth + 1, notes));
        }
        match Format::of(content) {
            Format::Zip => {
                let entries = notes.fenced(|notes| zip::entries(content, notes)).unwrap_or_default();
                // A document is an archive, too.
                if entries.iter().any(|entry| {
                    [ooxml::CONTENT_TYPES, "mimetype"].contains(&entry.name.to_lowercase().as_str())
                }) {
                    return;
                }
                for entry in entries.iter().filter(|entry| !entry.is_folder()) {
                    if notes.is_over() || self.failed.is_some() {
                        return;
                    }
                    if let Some(content) = entry.expand(content, notes) {
                        self.member(&Member { name: entry.name.clone(), content }, folder, depth, notes);
                    }
                }
            }
            Format::Tar => {
                tar::read(content, notes, |notes, member| self.member(&member, folder, depth, notes));
            }
            Format::SevenZip => drop(notes.fenced(|notes| {
                seven_zip::read(content, "", notes, &mut |notes, member, _| {
                    self.member(&member, folder, depth, notes);
                })
            })),
            Format::Rar => drop(notes.fenced(|notes| {
                rar::read(content, notes, &mut |notes, member| self.member(&member, folder, depth, notes))
            })),
            Format::Gzip => {
                let inner = notes.expand(content.len(), &mut MultiGzDecoder::new(content));
                self.inner(inner, folder, depth, notes);
            }
            Format::Bzip2 => {
                let inner = notes
                    .fenced(|notes| notes.expand(content.len(), &mut MultiBzDecoder::new(content)))
                    .flatten();
                self.inner(inner, folder, depth, notes);
            }
            Format::Xz => {
                let inner = notes.fenced(|notes| {
                    notes.expand(content.len(), &mut XzReader::new_mem_limit(content, true, MAX_XZ_KIB))
                });
                self.inner(inner.flatten(), folder, depth, notes);
            }
            _ => {}
        }
    }

    /// A content that was compressed as a whole: an archive without a name of its own.
    fn inner(&mut self, inner: Option<Vec<u8>>, folder: &[String], depth: u32, notes: &mut Notes) {
        if let Some(inner) = inner {
            notes.holding(inner.len(), |notes| self.archive(&inner, folder, depth + 1, notes));
        }
    }

    fn member(&mut self, member: &Member, folder: &[String], depth: u32, notes: &mut Notes) {
        if self.failed.is_some() || notes.is_over() || !notes.count_member() {
            return;
        }
        let path = path(folder, &member.name);
        match claimed(&member.name) {
            Some(ContentKind::Office | ContentKind::Mail) => {
                let open = self.opened(&member.content, notes);
                self.give(&path, open.as_ref().unwrap_or(&member.content), notes);
            }
            Some(ContentKind::Archive) => {
                let length = member.content.len();
                notes.holding(length, |notes| self.archive(&member.content, &path, depth + 1, notes));
            }
            _ => {}
        }
    }

    /// A content without its encryption; `None` if it has none or stays closed, which its reader says.
    fn opened(&self, content: &[u8], notes: &mut Notes) -> Option<Vec<u8>> {
        let opened = notes.fenced(|_| open_by_any(content, self.passwords).ok());
        let (open, _) = opened.flatten()?;
        notes.note_expanded(content.len(), open.len()).then_some(open)
    }

    /// Hands out a document, within the bounds.
    fn give(&mut self, path: &[String], content: &[u8], notes: &mut Notes) {
        let length = content.len() as u64;
        notes.expect(self.files < MAX_DOCUMENTS, Obstacle::TooManyMembers);
        notes.expect(self.bytes + length <= MAX_ALL_DOCUMENTS, Obstacle::TooLargeExpanded);
        if notes.is_over() {
            return;
        }
        match frames::write_file(self.output, path, content) {
            Ok(()) => {
                self.files += 1;
                self.bytes += length;
            }
            Err(error) => self.failed = Some(error),
        }
    }
}

/// The names of a member and of the folders above it, the outermost first; of a path that is too deep, the last ones.
fn path(folder: &[String], name: &str) -> Vec<String> {
    let names = name.split(['/', '\\']).map(named).filter(|name| !matches!(name.as_str(), "" | "." | ".."));
    let mut path: Vec<String> = folder.iter().cloned().chain(names).collect();
    if path.len() == folder.len() {
        path.push(NO_NAME.to_owned());
    }
    path.split_off(path.len().saturating_sub(MAX_NAMES))
}

/// The name of a member that has none.
const NO_NAME: &str = "member";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_only_names() {
        let shown = |folder: &[&str], name: &str| {
            let folder: Vec<String> = folder.iter().map(ToString::to_string).collect();
            path(&folder, name).join("|")
        };
        assert_eq!(shown(&[], "a/b\\c.docx"), "a|b|c.docx");
        assert_eq!(shown(&["x.zip"], "../../a\n.docx"), "x.zip|a.docx");
        assert_eq!(shown(&["x.zip"], "/.."), "x.zip|member");
        assert_eq!(path(&[], &"a/".repeat(MAX_NAMES + 5)).len(), MAX_NAMES);
    }
}

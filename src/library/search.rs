//! Searches for entries by name, in all spaces that a person may read.
//!
//! A search reads the names of all entries, latest first, in short slices, until it has a page of hits. That costs less
//! than an index would at each stored file: a million names take 0.6 s of CPU, and most searches end far earlier. A
//! hit is judged like an entry of a listing, in the snapshot of its slice.

use std::collections::HashMap;
use std::sync::Arc;

use super::resolve::{path_of, rooted};
use super::{Entry, Library, LibraryError};
use crate::catalog::ReadTx;
use crate::model::{Access, EntryId, EntryPath, Right, SearchText, SpaceId, Viewer, WordSet};

/// Most searches at the same time; further ones wait, and each person has one turn at a time.
pub(super) const MAX_SEARCHES_AT_ONCE: usize = 2;
/// Most hits that one search returns.
pub const MOST_HITS: usize = 100;
/// Most entries whose names are read in one snapshot, so that none stays open for long.
const MOST_NAMES_AT_ONCE: usize = 10_000;
/// Most entries whose names one search reads; the next one goes on from there.
const MOST_NAMES_READ: usize = 2_000_000;
/// Most entries with matching names that one search looks at more closely, because the viewer may not see them all.
const MOST_JUDGED: usize = 10_000;
/// Most folders that a search remembers while it lasts.
const MOST_FOLDERS: usize = 100_000;

/// The words to search for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The words.
    pub text: SearchText,
    /// Where to go on: [`Hits::next`] of the search before.
    pub before: Option<EntryId>,
    /// Number of hits to return, at least 1 and at most [`MOST_HITS`].
    pub limit: usize,
}

/// An entry that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The right to its space.
    pub access: Access,
    /// Name of its space.
    pub space: String,
    /// Its path in the space.
    pub path: EntryPath,
    /// The entry.
    pub entry: Entry,
}

/// Entries that were found, latest first.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// The entries.
    pub hits: Vec<Hit>,
    /// Where the next search goes on; `None` if there is nothing more to find. There may be no further hit.
    pub next: Option<EntryId>,
}

impl Library {
    /// Finds the files and folders below the top folders of spaces that have a word of the search in their names, and
    /// the others in their names, in those of the folders above them or in that of the space. Entries in the trash or
    /// hidden from the viewer are not found. Rights that do not cover a whole space for reading find nothing.
    pub async fn search(&self, rights: &[Access], wanted: Search) -> Result<Hits, LibraryError> {
        let readable = rights.iter().filter(|access| access.whole_space(Right::Read).is_ok());
        let rights: Vec<_> = readable.copied().collect();
        let Some(viewer) = rights.first().map(Access::viewer) else { return Ok(Hits::default()) };
        let _turn = self.shared.long_work.searching.take(viewer).await?;
        let text = wanted.text.clone();
        let spaces = Arc::new(self.catalog().read(move |tx| searched(tx, &rights, &text)).await?);
        let mut walk = Walk::new(wanted, viewer);
        loop {
            let (library, spaces) = (self.clone(), Arc::clone(&spaces));
            let step = move |tx: &ReadTx<'_>| {
                let end = walk.step(&library, tx, &spaces)?;
                Ok::<_, LibraryError>((walk, end))
            };
            let end;
            (walk, end) = self.catalog().read(step).await?;
            if let Some(End { next }) = end {
                return Ok(Hits { hits: walk.hits, next });
            }
        }
    }
}

/// A space that is searched.
struct Searched {
    access: Access,
    root: EntryId,
    name: String,
    /// The words in its name.
    words: WordSet,
}

/// A folder as a search remembers it.
#[derive(Clone, Copy, Default)]
struct Folder {
    /// The words in its name, and in those of everything above it.
    words: WordSet,
    /// Whether it is in the tree of its space, and not in the trash.
    is_rooted: bool,
}

/// The end of a search.
struct End {
    next: Option<EntryId>,
}

/// A search under way.
struct Walk {
    text: SearchText,
    viewer: Viewer,
    limit: usize,
    /// The entry whose name was read last.
    before: Option<EntryId>,
    read: usize,
    judged: usize,
    folders: HashMap<EntryId, Folder>,
    hits: Vec<Hit>,
    /// For folded names.
    room: String,
}

/// An entry with at least one of the words in its name.
struct Candidate {
    id: EntryId,
    space: SpaceId,
    folder: EntryId,
    words: WordSet,
}

/// The spaces of these rights. A change of one during the search does no harm: each hit is judged by itself.
fn searched(
    tx: &ReadTx<'_>,
    rights: &[Access],
    text: &SearchText,
) -> Result<HashMap<SpaceId, Searched>, LibraryError> {
    let mut spaces = HashMap::with_capacity(rights.len());
    for access in rights {
        let row = tx.space(access.space())?.ok_or(LibraryError::NoSuchSpace)?;
        let words = text.words_in(&row.name, &mut String::new());
        spaces.insert(row.id, Searched { access: *access, root: row.root, name: row.name, words });
    }
    Ok(spaces)
}

impl Walk {
    fn new(wanted: Search, viewer: Viewer) -> Self {
        Self {
            text: wanted.text,
            viewer,
            limit: wanted.limit.clamp(1, MOST_HITS),
            before: wanted.before,
            read: 0,
            judged: 0,
            folders: HashMap::new(),
            hits: Vec::new(),
            room: String::new(),
        }
    }

    /// Reads one slice of names; returns the end if there is nothing more to do.
    fn step(
        &mut self,
        library: &Library,
        tx: &ReadTx<'_>,
        spaces: &HashMap<SpaceId, Searched>,
    ) -> Result<Option<End>, LibraryError> {
        let (mut last, mut read, mut candidates) = (None, 0, Vec::new());
        tx.names_before(self.before, MOST_NAMES_AT_ONCE, |row| {
            (last, read) = (Some(row.id), read + 1);
            // A root is no hit, and any other entry without a folder was deleted.
            let Some(folder) = row.parent.filter(|_| spaces.contains_key(&row.space)) else { return };
            let words = self.text.words_in(&row.name, &mut self.room);
            if !words.is_empty() {
                candidates.push(Candidate { id: row.id, space: row.space, folder, words });
            }
        })?;
        for candidate in candidates {
            let Some(space) = spaces.get(&candidate.space) else { continue };
            let folder = self.folder(tx, candidate.folder, space)?;
            if !folder.is_rooted || !self.text.is_whole(candidate.words | folder.words) {
                continue;
            }
            self.judged += 1;
            if let Some(row) = rooted(tx, self.viewer, candidate.space, candidate.id)? {
                if self.hits.len() == self.limit {
                    return Ok(Some(End { next: self.hits.last().map(|hit| hit.entry.id) }));
                }
                self.hits.push(Hit {
                    access: space.access,
                    space: space.name.clone(),
                    path: path_of(tx, candidate.id)?,
                    entry: library.entry(self.viewer, row),
                });
            }
            if self.judged == MOST_JUDGED {
                return Ok(Some(End { next: Some(candidate.id) }));
            }
        }
        (self.before, self.read) = (last, self.read + read);
        let has_more = read == MOST_NAMES_AT_ONCE;
        let is_over = !has_more || self.read >= MOST_NAMES_READ;
        Ok(is_over.then_some(End { next: last.filter(|_| has_more) }))
    }

    /// A folder in a space, remembered with all above it.
    fn folder(&mut self, tx: &ReadTx<'_>, folder: EntryId, space: &Searched) -> Result<Folder, LibraryError> {
        let (mut way, mut next) = (Vec::new(), Some(folder));
        let mut known = loop {
            let Some(id) = next else { break Folder::default() };
            if id == space.root {
                break Folder { words: space.words, is_rooted: true };
            }
            if let Some(known) = self.folders.get(&id) {
                break *known;
            }
            let Some(row) = tx.place_of(id)? else { break Folder::default() };
            way.push((id, self.text.words_in(&row.name, &mut self.room)));
            next = row.parent;
        };
        if self.folders.len() + way.len() > MOST_FOLDERS {
            self.folders.clear();
        }
        for (id, words) in way.into_iter().rev() {
            known.words = known.words | words;
            self.folders.insert(id, known);
        }
        Ok(known)
    }
}

//! Lists members for PROPFIND, read page by page and sent piece by piece: a folder or a tree of any size needs
//! little memory.

use std::borrow::Cow;
use std::io;
use std::time::Duration;
use std::vec::IntoIter;

use bytes::Bytes;

use crate::http::protocol::href::{Mount, Place, set_member};
use crate::http::protocol::listing::PropfindAnswer;
use crate::http::protocol::media_type;
use crate::http::protocol::properties::{ActiveLock, CloudView, Permissions, ResourceView};
use crate::library::{Detail, Library, LibraryError, Listing, Lock, Member, SpaceUsage, is_lockable};
use crate::model::{Access, Depth, EntryId, EntryName, Timestamp};
use crate::net::ResponseBody;

/// Longest listing that is sent as a whole, with its length, in bytes.
const WHOLE: usize = 1024 * 1024;
/// Bytes of a longer listing that are sent at a time, and bytes after which other requests get a turn.
const PIECE: usize = 64 * 1024;
/// Pieces of a listing that wait for a slow client.
const PIECES_AHEAD: usize = 4;

/// Limits of one answer; see [`crate::net::Limits`].
#[derive(Clone, Copy, Debug)]
pub(super) struct ListingLimits {
    pub(super) entries: usize,
    pub(super) bytes: u64,
}

/// A space as a request sees it, and the properties it wants of the entries.
pub(super) struct View {
    pub(super) mount: Mount,
    /// Name of the space as in the request.
    pub(super) space: EntryName,
    pub(super) usage: Option<SpaceUsage>,
    pub(super) now: Timestamp,
    pub(super) access: Access,
    /// The user's name.
    pub(super) owner: String,
    pub(super) library: Library,
    pub(super) detail: Detail,
}

impl View {
    /// Writes an entry. `inherited` are the locks above it, as [`Self::locks`] writes them.
    pub(super) fn push(&self, answer: &mut PropfindAnswer, member: &Member, inherited: &str, href: &str) {
        let entry = &member.entry;
        let right = self.access.right();
        let permissions = match (entry.parent, self.access.top()) {
            (_, Some(top)) if top == entry.id => Permissions::SharedTop(right),
            (_, Some(_)) => Permissions::SharedInside(right),
            (None, None) => Permissions::SpaceTop(right),
            (Some(_), None) if !entry.is_readable => Permissions::Withheld(right),
            (Some(_), None) => Permissions::Inside(right),
        };
        let locks = match member.locks.as_slice() {
            [] => Cow::Borrowed(inherited),
            own => Cow::Owned(self.locks(own) + inherited),
        };
        answer.push(&ResourceView {
            href,
            is_folder: entry.is_folder(),
            display_name: if entry.name.is_empty() { self.space.as_str() } else { &entry.name },
            size: entry.size,
            content_type: if entry.is_folder() { "" } else { media_type::of_name(&entry.name) },
            etag: &entry.etag,
            created: entry.created,
            modified: entry.modified,
            quota_available: self.usage.map(|usage| usage.available.0),
            quota_used: self.usage.map(|usage| usage.used.0),
            lockable: is_lockable(&self.access, entry.is_folder()),
            locks: &locks,
            dead: &member.properties,
            cloud: CloudView {
                number: entry.id.0.unsigned_abs(),
                instance: self.library.instance_id(),
                permissions,
                checksums: &member.checksums,
                fingerprint: None,
                owner: &self.owner,
                is_linked: member.is_linked,
            },
        });
    }

    /// The XML of these locks.
    fn locks(&self, locks: &[Lock]) -> String {
        let mut xml = String::new();
        for lock in locks {
            let place = Place::Entry { space: self.space.clone(), path: lock.root.clone() };
            let root = self.mount.href(&place, lock.root_is_folder);
            active_lock(lock, &root, self.now).push(&mut xml);
        }
        xml
    }
}

/// Members of a folder that are still to be listed or, with [`Depth::Infinity`], of all folders below as well. The
/// folders of a page are listed before the next page is read, so that only one page of each level is in memory.
pub(super) struct Tree {
    view: View,
    depth: Depth,
    /// From the top down to the folder that is being listed.
    levels: Vec<Level>,
    /// Href of the current folder, followed by the member that was listed last.
    href: String,
    page: Page,
}

struct Level {
    folder: EntryId,
    /// Length of the folder's href with its trailing slash, in bytes.
    href_len: usize,
    /// Folders of the last page whose members are still to be listed.
    folders: IntoIter<(EntryId, EntryName)>,
    ahead: Ahead,
}

/// The rest of a folder that is still to be read.
enum Ahead {
    /// The page after the member with this name key; for `None` the first page.
    Page(Option<String>),
    /// No more pages.
    Nothing,
}

#[derive(Default)]
struct Page {
    members: IntoIter<Member>,
    /// The locks above them, written once for all.
    inherited: String,
}

impl Level {
    fn new(folder: EntryId, href_len: usize) -> Self {
        Self { folder, href_len, folders: Vec::new().into_iter(), ahead: Ahead::Page(None) }
    }
}

impl Tree {
    /// The members of `folder`, whose href with a trailing slash is `href`.
    pub(super) fn new(view: View, folder: EntryId, href: String, depth: Depth) -> Self {
        let levels = vec![Level::new(folder, href.len())];
        Self { view, depth, levels, href, page: Page::default() }
    }

    /// Like [`Self::new`], with the first page, which was read together with the folder.
    pub(super) fn begun(view: View, folder: EntryId, href: String, depth: Depth, first: Listing) -> Self {
        let mut tree = Self::new(view, folder, href, depth);
        tree.show(first);
        tree
    }

    /// Writes the next member; `false` if there is none.
    async fn push_next(&mut self, answer: &mut PropfindAnswer) -> Result<bool, LibraryError> {
        loop {
            let Some(level) = self.levels.last() else { return Ok(false) };
            let href_len = level.href_len;
            let Some(member) = self.page.members.next() else {
                self.turn_page().await?;
                continue;
            };
            let Ok(name) = EntryName::parse(&member.entry.name) else { continue };
            set_member(&mut self.href, href_len, &name, member.entry.is_folder());
            self.view.push(answer, &member, &self.page.inherited, &self.href);
            return Ok(true);
        }
    }

    /// Goes to the next page: of a folder on the last page, else of the same folder, else of a parent.
    async fn turn_page(&mut self) -> Result<(), LibraryError> {
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        if let Some((folder, name)) = level.folders.next() {
            set_member(&mut self.href, level.href_len, &name, true);
            self.levels.push(Level::new(folder, self.href.len()));
            return Ok(());
        }
        let Ahead::Page(after) = std::mem::replace(&mut level.ahead, Ahead::Nothing) else {
            self.levels.pop();
            return Ok(());
        };
        let View { library, access, detail, now, .. } = &self.view;
        let listing = match library.list_with(access, level.folder, after, detail, *now).await {
            Ok(listing) => listing,
            // The folder existed when its parent was listed, and has been removed with everything below.
            Err(LibraryError::NotFound) if self.levels.len() > 1 => {
                self.levels.pop();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.show(listing);
        Ok(())
    }

    /// Makes this the current page of the current folder.
    fn show(&mut self, listing: Listing) {
        let Some(level) = self.levels.last_mut() else { return };
        level.ahead = listing.next.map_or(Ahead::Nothing, |next| Ahead::Page(Some(next)));
        if self.depth == Depth::Infinity {
            let folders = listing.members.iter().filter(|member| member.entry.is_folder());
            let named = folders
                .filter_map(|member| Some((member.entry.id, EntryName::parse(&member.entry.name).ok()?)));
            level.folders = named.collect::<Vec<_>>().into_iter();
        }
        let inherited = self.view.locks(&listing.inherited);
        self.page = Page { members: listing.members.into_iter(), inherited };
    }
}

/// An answer that is being written, and the trees that are still to be listed.
pub(super) struct Told {
    pub(super) answer: PropfindAnswer,
    pub(super) trees: IntoIter<Tree>,
    pub(super) limits: ListingLimits,
    /// Href of the requested folder, for an answer that is cut short.
    pub(super) href: String,
    pub(super) depth: Depth,
}

enum Filled {
    /// More pieces follow.
    Piece,
    /// This is the last piece.
    End,
}

/// Why a listing is broken off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("the folder's properties and locks are larger than one answer may be")]
    TooLong,
}

impl Told {
    /// Writes the whole listing. The first piece is made before the status is sent, so a failure in it still gets
    /// the right status. A later failure breaks the answer off, so that no client takes half a folder for all of
    /// it.
    pub(super) async fn into_body(mut self) -> Result<ResponseBody, LibraryError> {
        let mut writer = Writer { tree: self.trees.next(), told: self, entries: 0, sent: 0 };
        match writer.fill(WHOLE).await {
            Ok(Filled::End) => return Ok(ResponseBody::full(writer.told.answer.finish())),
            Ok(Filled::Piece) => {}
            Err(BrokenOff::Library(error)) => return Err(error),
            Err(BrokenOff::TooLong) => return Err(LibraryError::TooManyProperties),
        }
        let (sender, body) = ResponseBody::channel(PIECES_AHEAD);
        tokio::spawn(async move {
            loop {
                if sender.send(writer.take()).await.is_err() {
                    return;
                }
                match writer.fill(PIECE).await {
                    Ok(Filled::Piece) => {}
                    Ok(Filled::End) => break,
                    Err(error) => return sender.fail(io::Error::other(error)),
                }
            }
            if sender.send(writer.told.answer.finish()).await.is_ok() {
                let _ = sender.finish().await;
            }
        });
        Ok(body)
    }
}

/// Produces the pieces of an answer.
struct Writer {
    told: Told,
    tree: Option<Tree>,
    /// Number of members written.
    entries: usize,
    /// Bytes handed to the answer.
    sent: u64,
}

impl Writer {
    /// Continues until `enough` bytes have accumulated.
    async fn fill(&mut self, enough: usize) -> Result<Filled, BrokenOff> {
        let Told { answer, trees, limits, href, depth } = &mut self.told;
        let mut next_turn = answer.pending() + PIECE;
        while let Some(tree) = &mut self.tree {
            if answer.pending() >= enough {
                return Ok(Filled::Piece);
            }
            if answer.pending() >= next_turn {
                next_turn = answer.pending() + PIECE;
                // Writing a page waits for nothing, so the runtime would not interrupt it.
                tokio::task::yield_now().await;
            }
            if !tree.push_next(answer).await? {
                self.tree = trees.next();
                continue;
            }
            self.entries += 1;
            // A tree may grow while it is listed.
            let is_over = self.entries > limits.entries && *depth == Depth::Infinity
                || self.sent + answer.pending() as u64 > limits.bytes;
            if is_over && *depth == Depth::Infinity {
                answer.push_cut_short(href);
                self.tree = None;
            } else if is_over {
                return Err(BrokenOff::TooLong);
            }
        }
        Ok(Filled::End)
    }

    fn take(&mut self) -> Bytes {
        let piece = self.told.answer.take();
        self.sent += piece.len() as u64;
        piece
    }
}

/// A lock in the form in which it is written.
pub(super) fn active_lock<'a>(lock: &'a Lock, root_href: &'a str, now: Timestamp) -> ActiveLock<'a> {
    ActiveLock {
        scope: lock.scope,
        depth: if lock.is_deep { Depth::Infinity } else { Depth::Zero },
        owner: Some(lock.owner.as_str()).filter(|owner| !owner.is_empty()),
        timeout: Duration::from_secs(lock.expires.since(now).as_secs()),
        token: &lock.token,
        root_href,
    }
}

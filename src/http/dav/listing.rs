//! What a PROPFIND tells of members, read page by page and handed on piece by piece: a folder or a tree of any
//! size needs little memory.

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
/// Bytes of a longer listing that are sent at a time.
const PIECE: usize = 64 * 1024;
/// Pieces of a listing that wait for a slow client.
const PIECES_AHEAD: usize = 4;

/// Bounds of one answer; see [`crate::net::Limits`].
#[derive(Clone, Copy, Debug)]
pub(super) struct ListingLimits {
    pub(super) entries: usize,
    pub(super) bytes: u64,
}

/// A space as a request sees it, and what it asks of the entries in it.
pub(super) struct View {
    pub(super) mount: Mount,
    /// As the request wrote it.
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
    pub(super) fn push(&self, answer: &mut PropfindAnswer, member: &Member, inherited: &[Lock], href: &str) {
        let entry = &member.entry;
        let right = self.access.right();
        let permissions = match (entry.parent, self.access.top()) {
            (_, Some(top)) if top == entry.id => Permissions::SharedTop(right),
            (_, Some(_)) => Permissions::SharedInside(right),
            (None, None) => Permissions::SpaceTop(right),
            (Some(_), None) => Permissions::Inside(right),
        };
        let locks: Vec<&Lock> = member.locks.iter().chain(inherited).collect();
        let roots: Vec<String> = locks.iter().map(|lock| self.lock_root(lock)).collect();
        let locks: Vec<_> =
            locks.iter().zip(&roots).map(|(lock, root)| active_lock(lock, root, self.now)).collect();
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

    fn lock_root(&self, lock: &Lock) -> String {
        let place = Place::Entry { space: self.space.clone(), path: lock.root.clone() };
        self.mount.href(&place, lock.root_is_folder)
    }
}

/// Members of a folder that are still to be told or, with [`Depth::Infinity`], of all folders below as well:
/// those of a folder's page before its next page, so that no more than a page of each level is kept.
pub(super) struct Tree {
    view: View,
    depth: Depth,
    /// From the top down to the folder that is being told.
    levels: Vec<Level>,
    /// Of the present level's folder, and whatever member was told last.
    href: String,
    page: Page,
}

struct Level {
    folder: EntryId,
    /// Bytes of the folder's href, with its final slash.
    href_len: usize,
    /// Folders of the last page that are still to be entered.
    folders: IntoIter<(EntryId, EntryName)>,
    ahead: Ahead,
}

/// What is still to be read of a folder.
enum Ahead {
    /// A page after the member of this name key; the first for `None`.
    Page(Option<String>),
    /// No more.
    Nothing,
}

#[derive(Default)]
struct Page {
    members: IntoIter<Member>,
    inherited: Vec<Lock>,
}

impl Level {
    fn new(folder: EntryId, href_len: usize) -> Self {
        Self { folder, href_len, folders: Vec::new().into_iter(), ahead: Ahead::Page(None) }
    }
}

impl Tree {
    /// What is in `folder`, whose href with a final slash is `href`.
    pub(super) fn new(view: View, folder: EntryId, href: String, depth: Depth) -> Self {
        let levels = vec![Level::new(folder, href.len())];
        Self { view, depth, levels, href, page: Page::default() }
    }

    /// As [`Self::new`], with the first page, which was read together with the folder.
    pub(super) fn begun(view: View, folder: EntryId, href: String, depth: Depth, first: Listing) -> Self {
        let mut tree = Self::new(view, folder, href, depth);
        tree.show(first);
        tree
    }

    /// Tells the next member; `false` if there is none.
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

    /// Goes on to the next page: of a folder on the last one, else of the same folder, else of one above.
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
            // It was there when its own folder was told, and is gone with all below.
            Err(LibraryError::NotFound) if self.levels.len() > 1 => {
                self.levels.pop();
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.show(listing);
        Ok(())
    }

    /// Makes this the page of the present level's folder that is being told.
    fn show(&mut self, listing: Listing) {
        let Some(level) = self.levels.last_mut() else { return };
        level.ahead = listing.next.map_or(Ahead::Nothing, |next| Ahead::Page(Some(next)));
        if self.depth == Depth::Infinity {
            let folders = listing.members.iter().filter(|member| member.entry.is_folder());
            let named = folders
                .filter_map(|member| Some((member.entry.id, EntryName::parse(&member.entry.name).ok()?)));
            level.folders = named.collect::<Vec<_>>().into_iter();
        }
        self.page = Page { members: listing.members.into_iter(), inherited: listing.inherited };
    }
}

/// An answer on its way, and the trees that are still to be told.
pub(super) struct Told {
    pub(super) answer: PropfindAnswer,
    pub(super) trees: IntoIter<Tree>,
    pub(super) limits: ListingLimits,
    /// Where the request's folder is, for an answer that is cut short.
    pub(super) href: String,
    pub(super) depth: Depth,
}

enum Filled {
    /// There is more.
    Piece,
    /// This is all.
    End,
}

/// Why a listing breaks off.
#[derive(Debug, thiserror::Error)]
enum BrokenOff {
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("the folder's properties and locks weigh more than one answer may")]
    TooLong,
}

impl Told {
    /// Tells everything. The first piece is made before the status is sent: what fails here still gets an
    /// honest one. A failure on the way breaks the answer off, so that no client takes half a folder for all
    /// of it.
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

/// Fills pieces of an answer.
struct Writer {
    told: Told,
    tree: Option<Tree>,
    /// Members told.
    entries: usize,
    /// Bytes taken.
    sent: u64,
}

impl Writer {
    /// Goes on until `enough` bytes have gathered.
    async fn fill(&mut self, enough: usize) -> Result<Filled, BrokenOff> {
        let Told { answer, trees, limits, href, depth } = &mut self.told;
        while let Some(tree) = &mut self.tree {
            if answer.pending() >= enough {
                return Ok(Filled::Piece);
            }
            if !tree.push_next(answer).await? {
                self.tree = trees.next();
                continue;
            }
            self.entries += 1;
            // A tree may grow while it is told.
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

/// A lock as its element shows it.
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

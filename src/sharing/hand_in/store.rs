//! Stores the files of a hand-in.

use std::net::IpAddr;
use std::sync::Arc;

use super::{
    BOX_HAND_INS, BOX_HAND_INS_OF_NETWORK, HAND_INS_OF_NETWORK, HandInError, MAX_GUEST_NAME,
    MAX_HAND_IN_FILES, MAX_NOTED_REFUSALS, MAX_OPEN_HAND_INS,
};
use crate::accounts::Network;
use crate::catalog::{HandInRow, NewHandIn, NewHandInFile, ReadTx, WriteTx};
use crate::library::{Along, Change, LibraryError, NewFile, PutSession};
use crate::model::{
    Actor, ChecksumKind, Conditions, EntryId, EntryName, EntryPath, HandInId, ItemId, LinkTerms, RequestId,
    Stamp, Timestamp, VersionId, Worker, Zone,
};
use crate::sharing::pace::WINDOW;
use crate::sharing::request::{ReminderPace, RequestError, admit, arrived};
use crate::sharing::{Sharing, Visit};

/// Most folders above a file of a hand-in.
pub(super) const MAX_FOLDERS: usize = 20;
/// Longest path of a file in bytes, as it is noted.
pub(super) const MAX_NOTED_PATH: usize = 1_000;
/// Most hand-ins of one browser through a link of a request, one after the other.
pub(super) const MAX_IN_A_ROW: usize = 100;
/// Most bytes of a name in the name of a hand-in's own folder, so that a day and a number fit beside it.
const MAX_FOLDER_NAME: usize = 200;
/// Most numbers that are tried behind the name of a hand-in's own folder.
const MAX_FOLDER_NUMBER: u32 = 200;

/// A file that a person sends.
#[derive(Clone, Debug)]
pub struct SentFile {
    /// Names of the folders above it as the person's device has them, and its own.
    pub path: EntryPath,
    /// Its bytes, if the browser announced them.
    pub size: Option<u64>,
    /// Item of the request that it is for.
    pub item: Option<ItemId>,
}

/// The person who hands in.
#[derive(Clone, Copy, Debug)]
pub struct SentBy<'a> {
    /// The secret in the cookie of the browser.
    pub browser: &'a str,
    /// The person's name in the person's words; may be empty.
    pub name: &'a str,
    /// The client's address, not a proxy's.
    pub peer: IpAddr,
}

/// A place for a file of a hand-in.
pub struct PlacedFile {
    /// The hand-in.
    pub hand_in: HandInId,
    /// The right to add the file to its folder.
    pub change: Change,
    /// Its path in that folder.
    pub path: EntryPath,
    /// Bytes that the hand-in may still grow by.
    pub room: Option<u64>,
    /// Adds it to the hand-in, in the transaction that stores it.
    pub(crate) along: Along,
}

/// A file that is being stored.
pub struct BegunFile {
    /// Takes its content.
    pub put: PutSession,
    /// Bytes that the hand-in may still grow by.
    pub room: Option<u64>,
}

impl Sharing {
    /// Begins to store a file of a browser's hand-in, which it begins if there is none.
    ///
    /// Errors: those of [`Self::place_file`], and of storing.
    pub async fn begin_file(
        &self,
        visit: &Visit,
        by: SentBy<'_>,
        sent: &SentFile,
        now: Timestamp,
    ) -> Result<BegunFile, HandInError> {
        let PlacedFile { change, path, room, along, .. } = self.place_file(visit, by, sent, now).await?;
        let new = NewFile { path, size: sent.size, modified: None, checksum: None };
        let put = self.inner.library.begin_put(change, new).await?;
        Ok(BegunFile { put: put.along(along), room })
    }

    /// Decides where a file of a browser's hand-in lies, and makes the folders above it. Begins the hand-in if there is none.
    ///
    /// Errors: `Finished`, `WrongType`, `TooMuch`, `Name`, and those of making folders.
    pub async fn place_file(
        &self,
        visit: &Visit,
        by: SentBy<'_>,
        sent: &SentFile,
        now: Timestamp,
    ) -> Result<PlacedFile, HandInError> {
        let names = self.names_of(visit, sent).await?;
        let hand_in = self.hand_in_or_begin(visit, by, now).await?;
        self.placed(visit, &hand_in, names, sent, now).await
    }

    /// The same for a file that was begun before for this hand-in.
    ///
    /// Errors: also `NoSuchHandIn`, if it is not one of this link.
    pub async fn place_again(
        &self,
        visit: &Visit,
        hand_in: HandInId,
        sent: &SentFile,
        now: Timestamp,
    ) -> Result<PlacedFile, HandInError> {
        let names = self.names_of(visit, sent).await?;
        let row = self.inner.catalog.read(move |tx| tx.hand_in(hand_in)).await?;
        let row = row.filter(|row| row.link == Some(visit.link.id)).ok_or(HandInError::NoSuchHandIn)?;
        if row.finished.is_some() {
            return Err(HandInError::Finished);
        }
        self.placed(visit, &row, names, sent, now).await
    }

    /// The folders of a file and its name, as the link or its request wants them.
    async fn names_of(
        &self,
        visit: &Visit,
        sent: &SentFile,
    ) -> Result<(EntryName, Vec<EntryName>), HandInError> {
        visit.access.scope_to_add().map_err(LibraryError::from)?;
        let path = sent.path.legible();
        let (file, folders) = match (visit.link.request, path.names().split_last()) {
            (_, Some((_, folders))) if folders.len() > MAX_FOLDERS => {
                return Err(LibraryError::NotFound.into());
            }
            (Some(request), Some(_)) => {
                let (folders, file) =
                    self.place_in_request((request, visit.link.id), sent.item, path).await?;
                (file, folders)
            }
            // Only a link of a request has items; a number that a guest makes up belongs to a stranger's.
            (None, Some(_)) if sent.item.is_some() => return Err(RequestError::NoSuchItem.into()),
            (None, Some((file, folders))) => (file.clone(), folders.to_vec()),
            (_, None) => return Err(LibraryError::NotFound.into()),
        };
        if visit.link.terms.takes(file.as_str()) { Ok((file, folders)) } else { Err(HandInError::WrongType) }
    }

    async fn placed(
        &self,
        visit: &Visit,
        hand_in: &HandInRow,
        (file, folders): (EntryName, Vec<EntryName>),
        sent: &SentFile,
        now: Timestamp,
    ) -> Result<PlacedFile, HandInError> {
        let (id, terms) = (hand_in.id, visit.link.terms.clone());
        let room = self.inner.catalog.read(move |tx| room(tx, id, &terms)).await?;
        if room.zip(sent.size).is_some_and(|(room, size)| size > room) {
            return Err(HandInError::TooMuch);
        }
        let folder = self.folder_for(visit, hand_in, folders, now).await?;
        let change = Change {
            access: visit.access.narrowed_to_hand_in(folder).map_err(LibraryError::from)?,
            actor: visit.actor(),
            now,
            conditions: Conditions::default(),
        };
        let path = EntryPath::new(vec![file]).map_err(LibraryError::from)?;
        let arriving = Arriving {
            hand_in: id,
            request: visit.link.request,
            item: sent.item,
            sent: sent.path.to_string(),
            terms: visit.link.terms.clone(),
            actor: visit.actor(),
            pace: self.pace().await?,
        };
        let noted = move |tx: &WriteTx<'_>, version: VersionId| Ok(note(tx, &arriving, version)?);
        Ok(PlacedFile { hand_in: id, change, path, room, along: Arc::new(noted) })
    }

    /// Notes that a file of a browser's hand-in was not stored, for its receipt; nothing without a hand-in.
    pub async fn note_refused(
        &self,
        visit: &Visit,
        (browser, item): (&str, Option<ItemId>),
        path: String,
        reason: &'static str,
        now: Timestamp,
    ) -> Result<(), HandInError> {
        let (hmac, link) = (self.inner.keys.visit(visit.link.id, browser), visit.link.id);
        let row = self.inner.catalog.read(move |tx| tx.hand_in_of(&hmac, link)).await?;
        match row {
            Some(row) => self.note_refused_in(visit, (row.id, item), path, reason, now).await,
            None => Ok(()),
        }
    }

    /// The same for a hand-in of this link.
    pub async fn note_refused_in(
        &self,
        visit: &Visit,
        (hand_in, item): (HandInId, Option<ItemId>),
        path: String,
        reason: &'static str,
        now: Timestamp,
    ) -> Result<(), HandInError> {
        let (link, request) = (visit.link.id, visit.link.request);
        let note = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let is_open = |row: &HandInRow| row.finished.is_none() && row.link == Some(link);
            let Some(row) = tx.hand_in(hand_in)?.filter(is_open) else { return Ok(()) };
            if tx.hand_in_extent(row.id)?.2 >= MAX_HAND_IN_FILES
                || tx.count_refused(row.id)? >= MAX_NOTED_REFUSALS
            {
                return Ok(());
            }
            let item = item.map(|item| tx.item(item)).transpose()?.flatten();
            tx.insert_hand_in_file(&NewHandInFile {
                hand_in: row.id,
                version: None,
                path: noted_path(&path),
                stored_as: "",
                size: 0,
                sha256: None,
                at: now,
                refused: Some(reason),
                item: item.filter(|item| Some(item.request) == request).map(|item| item.id),
            })?;
            Ok::<_, HandInError>(())
        };
        self.inner.catalog.write_silent("a file that was not stored is named in the receipt", note).await
    }

    async fn hand_in_or_begin(
        &self,
        visit: &Visit,
        by: SentBy<'_>,
        now: Timestamp,
    ) -> Result<HandInRow, HandInError> {
        let (link, space) = (visit.link.id, visit.link.space);
        let hmac = self.inner.keys.visit(link, by.browser);
        let known = self.inner.catalog.read(move |tx| tx.hand_in_of(&hmac, link)).await?;
        let goes_on = visit.link.request.is_some();
        if let Some(known) = known
            && (known.finished.is_none() || !goes_on)
        {
            return if known.finished.is_none() { Ok(known) } else { Err(HandInError::Finished) };
        }
        let (name, is_box) = (by.name.trim().to_owned(), visit.link.terms.is_box);
        if name.chars().count() > MAX_GUEST_NAME || name.chars().any(char::is_control) {
            return Err(HandInError::Name);
        }
        if is_box && name.is_empty() {
            return Err(HandInError::NoName);
        }
        let (inner, network) = (Arc::clone(&self.inner), Network::from(by.peer));
        let most = if is_box { BOX_HAND_INS_OF_NETWORK } else { HAND_INS_OF_NETWORK };
        let begin = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            // Several files of one browser may arrive at once.
            let new = NewHandIn { link, space, begun: now, name: &name };
            let id = match tx.hand_in_of(&hmac, link)? {
                Some(row) if row.finished.is_none() => row.id,
                Some(_) if !goes_on => return Err(HandInError::Finished),
                Some(row) if tx.hand_ins_before(row.id, MAX_IN_A_ROW)?.len() >= MAX_IN_A_ROW => {
                    return Err(HandInError::TooMuch);
                }
                Some(row) => {
                    let new = NewHandIn { name: &row.name, ..new };
                    tx.insert_hand_in_after(&new, row.id)?
                }
                None if is_box && tx.has_begun_since(link, now.before(WINDOW), BOX_HAND_INS)? => {
                    return Err(HandInError::TooOften);
                }
                None if !is_box && tx.count_open_hand_ins(link)? >= MAX_OPEN_HAND_INS => {
                    return Err(HandInError::TooOften);
                }
                None if !inner.begun.count((link, network), most, now) => return Err(HandInError::TooOften),
                None => tx.insert_hand_in(&new, &hmac)?,
            };
            tx.hand_in(id)?.ok_or(HandInError::NoSuchHandIn)
        };
        self.inner.catalog.write_silent("its first file is the event", begin).await
    }

    /// The folder for a file below the folders that the person's device has, made if it is missing.
    pub(super) async fn folder_for(
        &self,
        visit: &Visit,
        hand_in: &HandInRow,
        folders: Vec<EntryName>,
        now: Timestamp,
    ) -> Result<EntryId, HandInError> {
        let (base, path) = self.base_of(visit, hand_in, now).await?;
        if folders.is_empty() {
            return Ok(base);
        }
        let path = below(path, folders)?;
        let (library, change) = (&self.inner.library, self.making(visit, now));
        let found = match library.find(&change.access, &path).await {
            Err(LibraryError::NotFound) => {
                library.make_folders(&change, &path).await?;
                library.find(&change.access, &path).await
            }
            found => found,
        }?;
        if found.is_folder() { Ok(found.id) } else { Err(LibraryError::NameTaken.into()) }
    }

    /// Whether a hand-in has this folder.
    ///
    /// Errors: `Library(NameTaken)` if a file has its name.
    pub(super) async fn has_folder(
        &self,
        visit: &Visit,
        hand_in: &HandInRow,
        folder: &EntryPath,
        now: Timestamp,
    ) -> Result<bool, HandInError> {
        let (_, base) = self.base_of(visit, hand_in, now).await?;
        let path = below(base, folder.names().to_vec())?;
        match self.inner.library.find(&self.making(visit, now).access, &path).await {
            Ok(found) if found.is_folder() => Ok(true),
            Ok(_) => Err(LibraryError::NameTaken.into()),
            Err(LibraryError::NotFound) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The folder of a hand-in and its path in the space.
    async fn base_of(
        &self,
        visit: &Visit,
        hand_in: &HandInRow,
        now: Timestamp,
    ) -> Result<(EntryId, EntryPath), HandInError> {
        if let Some(known) = self.known_base(visit, hand_in.folder).await? {
            return Ok(known);
        }
        // Its first files may come at the same time, and it has one folder.
        let _turn = self.inner.making_folders.lock().await;
        let id = hand_in.id;
        let row = self.inner.catalog.read(move |tx| tx.hand_in(id)).await?;
        let row = row.ok_or(HandInError::NoSuchHandIn)?;
        if let Some(known) = self.known_base(visit, row.folder).await? {
            return Ok(known);
        }
        let top = self.known_base(visit, Some(visit.entry.id)).await?.ok_or(LibraryError::NotFound)?;
        let base = if visit.link.terms.own_folder {
            let office = self.inner.accounts.office().await?;
            let change = self.making(visit, now);
            self.make_own(&change, &top.1, &folder_name(&row, visit, &office.zone)).await?
        } else {
            top
        };
        let folder = base.0;
        let set = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            Ok::<_, HandInError>(tx.set_hand_in_folder(id, folder)?)
        };
        self.inner.catalog.write_silent("the folder itself is the event", set).await?;
        Ok(base)
    }

    /// A folder with its path in the space; `None` if there is none, or it is in the trash.
    async fn known_base(
        &self,
        visit: &Visit,
        folder: Option<EntryId>,
    ) -> Result<Option<(EntryId, EntryPath)>, HandInError> {
        let Some(folder) = folder else { return Ok(None) };
        let (library, space) = (&self.inner.library, visit.link.space);
        let access = library.as_worker(Worker::HandIn, space);
        let found = library.located(&[access], vec![folder]).await?.pop();
        Ok(found.map(|(entry, path)| (entry.id, path)))
    }

    /// Makes a folder of this name, or with a number behind it.
    async fn make_own(
        &self,
        change: &Change,
        top: &EntryPath,
        name: &str,
    ) -> Result<(EntryId, EntryPath), HandInError> {
        for number in 1..=MAX_FOLDER_NUMBER {
            let numbered = if number == 1 { name.to_owned() } else { format!("{name} ({number})") };
            let numbered = EntryName::parse(&numbered).map_err(LibraryError::from)?;
            let path = top.join(numbered).map_err(LibraryError::from)?;
            match self.inner.library.make_folder(change.clone(), &path).await {
                Ok(folder) => return Ok((folder.id, path)),
                Err(LibraryError::Exists | LibraryError::NameTaken) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(LibraryError::Exists.into())
    }

    /// The server makes folders for a guest who may only add files.
    fn making(&self, visit: &Visit, now: Timestamp) -> Change {
        Change {
            access: self.inner.library.as_worker(Worker::HandIn, visit.link.space),
            actor: visit.actor(),
            now,
            conditions: Conditions::default(),
        }
    }
}

/// A path with these folders behind it.
fn below(mut path: EntryPath, folders: Vec<EntryName>) -> Result<EntryPath, LibraryError> {
    for name in folders {
        path = path.join(name)?;
    }
    Ok(path)
}

/// The bytes by which a hand-in may still grow.
///
/// Errors: `TooMuch` if it may have no further file.
fn room(tx: &ReadTx<'_>, id: HandInId, terms: &LinkTerms) -> Result<Option<u64>, HandInError> {
    let (files, bytes, rows) = tx.hand_in_extent(id)?;
    if rows >= MAX_HAND_IN_FILES || terms.files.is_some_and(|most| files >= u64::from(most)) {
        return Err(HandInError::TooMuch);
    }
    Ok(terms.bytes.map(|most| most.saturating_sub(bytes)))
}

/// A file that is about to be stored for a hand-in.
struct Arriving {
    hand_in: HandInId,
    request: Option<RequestId>,
    item: Option<ItemId>,
    /// Its path as it was sent.
    sent: String,
    terms: LinkTerms,
    actor: Actor,
    /// The clocks by which its request reminds.
    pace: ReminderPace,
}

/// Adds a file to a hand-in, in the transaction that stores it. A request is asked again: it may be closed by now, or the item
/// accepted.
fn note(tx: &WriteTx<'_>, file: &Arriving, version: VersionId) -> Result<(), HandInError> {
    let row = tx.hand_in(file.hand_in)?.ok_or(HandInError::NoSuchHandIn)?;
    if row.finished.is_some() {
        return Err(HandInError::Finished);
    }
    let asked = file.request.map(|request| admit(tx, request, file.item)).transpose()?;
    let room = room(tx, file.hand_in, &file.terms)?;
    let stored = tx.version(version)?.ok_or(LibraryError::NoSuchVersion)?;
    if room.is_some_and(|room| stored.size > room) {
        return Err(HandInError::TooMuch);
    }
    let name = tx.entry(stored.entry)?.map(|entry| entry.name).unwrap_or_default();
    let sha256 = stored.checksums.iter().find(|sum| sum.kind() == ChecksumKind::Sha256);
    tx.insert_hand_in_file(&NewHandInFile {
        hand_in: file.hand_in,
        version: Some(version),
        path: noted_path(file.sent.trim_start_matches('/')),
        stored_as: &name,
        size: stored.size,
        sha256: sha256.map(crate::model::Checksum::digest),
        at: stored.created,
        refused: None,
        item: asked.as_ref().and_then(|(_, item)| item.as_ref()).map(|item| item.id),
    })?;
    if let Some((request, item)) = &asked {
        arrived(tx, &file.pace, (request, item.as_ref()), &Stamp { actor: file.actor, at: stored.created })?;
    }
    Ok(())
}

fn noted_path(path: &str) -> &str {
    path.get(..path.floor_char_boundary(MAX_NOTED_PATH)).unwrap_or(path)
}

/// Name of the folder of a hand-in: the day in the office's zone, and the name of the person or of the link.
fn folder_name(row: &HandInRow, visit: &Visit, zone: &Zone) -> String {
    let day = zone.day(row.begun);
    let by = [row.name.as_str(), visit.link.label.trim()].into_iter().find(|name| !name.is_empty());
    let by: String =
        by.unwrap_or_default().chars().map(|c| if "/\\:*?\"<>|".contains(c) { '-' } else { c }).collect();
    let by =
        by.get(..by.floor_char_boundary(MAX_FOLDER_NAME)).unwrap_or_default().trim_end_matches(['.', ' ']);
    if by.is_empty() { day.to_string() } else { format!("{day} {by}") }
}

//! Stores the files of a form.

use bytes::Bytes;
use http::StatusCode;

use super::LinkRequest;
use crate::http::protocol::multipart::{
    Files, FormError, ITEM, IncomingFile, NAME, is_system_file, sent_path,
};
use crate::http::refusal::Refusal;
use crate::library::{LibraryError, NewFile, PutOutcome, PutSession, Source, receive};
use crate::model::{Access, EntryPath, ItemId, Timestamp};
use crate::net::RequestBody;
use crate::sharing::{BegunFile, SentBy, SentFile, Visit};

/// Result of a form.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// Names and sizes in bytes of the stored files.
    pub(super) stored: Vec<(String, u64)>,
    /// Files that were refused, by the name that the browser sent; `None` if it is not known which file it was.
    pub(super) refused: Vec<(Option<String>, Refusal)>,
}

impl Received {
    pub(super) fn status(&self) -> StatusCode {
        match self.refused.iter().find(|(_, refusal)| *refusal != Refusal::LeftOut) {
            None => StatusCode::OK,
            Some((_, refusal)) => refusal.status(),
        }
    }
}

impl LinkRequest<'_> {
    /// Stores the files of a form in a folder, each on its own: one that cannot be stored does not affect the
    /// others. The result names every file of the form, as far as the form can be read.
    pub(super) async fn receive(
        &self,
        visit: &Visit,
        folder: &EntryPath,
        content_type: &str,
        body: &mut RequestBody,
    ) -> Received {
        let mut received = Received::default();
        let access = self
            .adding(visit, folder)
            .await
            .map_err(|error| Refusal::of_library(&error, self.info.request_id));
        let mut files = match Files::new(body, content_type) {
            Ok(files) => files,
            Err(error) => {
                received.refused.push((None, broken(&error)));
                return received;
            }
        };
        loop {
            let mut file = match files.next().await {
                Ok(Some(file)) => file,
                Ok(None) => break,
                Err(error) => {
                    // The file in which the form broke off is already named.
                    if !matches!(received.refused.last(), Some((Some(_), Refusal::Broken))) {
                        received.refused.push((None, broken(&error)));
                    }
                    return received;
                }
            };
            let sender = Sender { name: files.text(NAME).to_owned(), item: files.text(ITEM).to_owned() };
            let outcome = match access {
                Ok(_) if visit.access.only_adds() => self.hand_in(visit, &sender, &mut file).await,
                Ok(_) => self.store(visit, folder, &mut file).await,
                Err(refusal) => Err(refusal),
            };
            match outcome {
                Ok(stored) => received.stored.push(stored),
                Err(refusal) => {
                    self.note(visit, (&file.name, sender.item()), refusal).await;
                    received.refused.push((Some(file.name.clone()), refusal));
                    file.skip().await;
                }
            }
        }
        if received.stored.is_empty() && received.refused.is_empty() {
            received.refused.push((None, Refusal::NothingChosen));
        }
        received
    }

    /// The right to add files to a folder and nothing else, because a form must not replace files.
    async fn adding(&self, visit: &Visit, folder: &EntryPath) -> Result<Access, LibraryError> {
        let folder = match folder.is_root() {
            true => visit.entry.id,
            false => self.services.library.find(&visit.access, folder).await?.id,
        };
        Ok(visit.access.narrowed_to_adding(folder)?)
    }

    /// Stores one file beside those that the guest sees, with the folders above it as the person's device has them. If its name is
    /// taken, it gets a number.
    async fn store(
        &self,
        visit: &Visit,
        folder: &EntryPath,
        file: &mut IncomingFile<'_>,
    ) -> Result<(String, u64), Refusal> {
        let sent = sent_path(&file.name).map_err(|_| Refusal::BadName)?;
        let in_folder = sent.names().len() > 1;
        if in_folder && sent.names().last().is_some_and(|name| is_system_file(name.as_str())) {
            return Err(Refusal::LeftOut);
        }
        let placed = self.services.sharing.place_beside(visit, folder, &sent, self.info.received).await;
        let (change, path) = placed.map_err(|error| Refusal::of_library(&error, self.info.request_id))?;
        let new = NewFile { path, size: file.announced, modified: None, checksum: None };
        let put = self.services.library.begin_put(change, new).await;
        let put = put.map_err(|error| Refusal::of_library(&error, self.info.request_id))?;
        let (outcome, size) = self.fill(visit, put, file, None).await?;
        Ok((outcome.entry.name, size))
    }

    /// Stores one file of a hand-in, with the folders above it as the person's device has them.
    async fn hand_in(
        &self,
        visit: &Visit,
        sender: &Sender,
        file: &mut IncomingFile<'_>,
    ) -> Result<(String, u64), Refusal> {
        let item = sender.item();
        if item.is_none() && !sender.item.is_empty() {
            return Err(Refusal::NoLonger);
        }
        let path = sent_path(&file.name).map_err(|_| Refusal::BadName)?;
        if path.names().last().is_some_and(|name| is_system_file(name.as_str())) {
            return Err(Refusal::LeftOut);
        }
        let (sharing, shown) = (&self.services.sharing, path.to_string());
        let sent = SentFile { path, size: file.announced, item };
        let by = SentBy { browser: self.browser(), name: &sender.name, peer: self.info.peer };
        let begun = sharing.begin_file(visit, by, &sent, self.info.received).await;
        let BegunFile { put, room } =
            begun.map_err(|error| Refusal::of_hand_in(&error, self.info.request_id))?;
        let (_, size) = self.fill(visit, put, file, room).await?;
        // Not the name that it got: that would tell of other files.
        Ok((shown.trim_start_matches('/').to_owned(), size))
    }

    /// Stores the content of a file with at most `room` bytes, if the guest may still add one at its end.
    async fn fill(
        &self,
        visit: &Visit,
        put: PutSession,
        file: &mut IncomingFile<'_>,
        room: Option<u64>,
    ) -> Result<(PutOutcome, u64), Refusal> {
        let mut counted = Counted { file, size: 0, room };
        let still_allowed = async || {
            let access = self.services.sharing.still_valid(visit, Timestamp::now()).await;
            access.ok().and_then(|access| access.scope_to_add().ok()).map(drop).ok_or(Refusal::NoLonger)
        };
        let stored = receive(put, &mut counted, still_allowed, Timestamp::now).await?;
        Ok((stored.map_err(|error| Refusal::of_library(&error, self.info.request_id))?, counted.size))
    }

    /// Names a file that was not stored in the receipt of its hand-in.
    async fn note(&self, visit: &Visit, (name, item): (&str, Option<ItemId>), refusal: Refusal) {
        if !visit.access.only_adds() {
            return;
        }
        let name = sent_path(name).map_or_else(|_| name.to_owned(), |path| path.to_string());
        let name = name.trim_start_matches('/').to_owned();
        let sharing = &self.services.sharing;
        let noted = sharing
            .note_refused(visit, (self.browser(), item), name, refusal.word(), self.info.received)
            .await;
        if let Err(error) = noted {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(request_id = %self.info.request_id, error, "a refused file is missing in its receipt");
        }
    }
}

/// The fields of a form about its files.
struct Sender {
    /// The sender's name.
    name: String,
    /// The item of a request that they are for; empty for none.
    item: String,
}

impl Sender {
    fn item(&self) -> Option<ItemId> {
        self.item.parse().ok().map(ItemId)
    }
}

/// A file of a form, and the number of its bytes received.
struct Counted<'a, 'b> {
    file: &'a mut IncomingFile<'b>,
    size: u64,
    /// Most bytes that it may have.
    room: Option<u64>,
}

impl Source for &mut Counted<'_, '_> {
    type Error = Refusal;

    async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, Refusal>> {
        let piece = self.file.piece().await.map_err(|error| broken(&error)).transpose()?;
        Some(piece.and_then(|piece| {
            self.size += piece.len() as u64;
            if self.room.is_some_and(|room| self.size > room) { Err(Refusal::TooMuch) } else { Ok(piece) }
        }))
    }
}

fn broken(error: &FormError) -> Refusal {
    match error {
        FormError::TooManyParts => Refusal::TooMany,
        FormError::Body(_) | FormError::TooLongHead | FormError::Malformed => Refusal::Broken,
    }
}

//! A small file whose first request brings all of it is stored like a PUT, in one transaction.

use http::StatusCode;

use super::begin::Begun;
use super::refused::Refused;
use super::{Done, Owner, SendRequest, log_unnoted};
use crate::http::error::library_status;
use crate::http::protocol::tus;
use crate::http::refusal::Refusal;
use crate::library::{NewFile, PutOutcome, receive};
use crate::model::{Timestamp, UploadId};
use crate::net::RequestBody;

/// Largest file in bytes that is stored at once: of a larger one, the bytes that arrived before its line broke are kept.
const MAX_AT_ONCE: u64 = 1024 * 1024;

impl SendRequest<'_> {
    /// Whether the request brings all bytes of a small file.
    pub(super) fn comes_whole(&self, length: u64, body: &RequestBody) -> bool {
        let is_content = length == 0 || tus::is_content(&self.parts.headers);
        is_content && length <= MAX_AT_ONCE && body.announced_length() == Some(length)
    }

    /// Stores it. The result has an address like the upload of a larger file, so that a client that asks there learns of it.
    pub(super) async fn store_at_once(
        &self,
        begun: Begun,
        owner: &Owner,
        body: &mut RequestBody,
    ) -> Result<(UploadId, Done), Refused> {
        let (id, length) = (UploadId::random(), begun.length);
        let (name, hand_in) = (begun.sent.path.clone(), begun.hand_in.as_ref().map(|(id, _)| *id));
        let item = begun.sent.item()?;
        let outcome = match self.put(begun, owner, body).await {
            Ok(outcome) => outcome,
            Err(refused) => {
                if let (Owner::Guest { visit, .. }, Some(hand_in)) = (owner, hand_in)
                    && let Some(refusal) = self.lasting(&refused)
                {
                    let (sharing, now) = (&self.services.sharing, Timestamp::now());
                    let noted =
                        sharing.note_refused_in(visit, (hand_in, item), name.text(), refusal.word(), now);
                    log_unnoted(noted.await, self.info.request_id);
                }
                return Err(refused);
            }
        };
        let done = Done::new(length, &name, outcome, owner);
        self.finished.note(id, done.clone());
        Ok((id, done))
    }

    async fn put(&self, begun: Begun, owner: &Owner, body: &mut RequestBody) -> Result<PutOutcome, Refused> {
        let Begun { sent, length, change, path, hand_in } = begun;
        let (space, modified) = (change.access.space(), owner.dates(&sent)?);
        let new = NewFile { path, size: Some(length), modified, checksum: None };
        let mut put = self.services.library.begin_put(change, new).await?;
        if let Some((_, along)) = hand_in {
            put = put.along(along);
        }
        let still_allowed = async || self.owner(owner.id(), space).await.map(drop);
        Ok(receive(put, body, still_allowed, Timestamp::now).await??)
    }

    /// Why the file was refused, if another try would not help.
    fn lasting(&self, refused: &Refused) -> Option<Refusal> {
        let Refused::Library(error) = refused else { return None };
        let lasts = [StatusCode::INSUFFICIENT_STORAGE, StatusCode::CONFLICT, StatusCode::BAD_REQUEST];
        // Others would be logged here, and once more with the answer.
        let refusal =
            lasts.contains(&library_status(error)).then(|| Refusal::of_library(error, self.info.request_id));
        refusal.filter(|refusal| matches!(refusal, Refusal::NoRoom | Refusal::BadName))
    }
}

//! Makes a complete upload a file.

use super::refused::Refused;
use super::sent::Sent;
use super::{Done, Owner, log_unnoted};
use crate::library::{Change, PutOutcome};
use crate::model::{Conditions, HandInId, Stamp, Timestamp};
use crate::net::RequestId;
use crate::sharing::{Sharing, Visit};
use crate::uploads::{Finish, Upload, Uploads, UploadsOf};

/// The end of an upload.
pub(super) struct Ending {
    pub(super) sharing: Sharing,
    pub(super) uploads: Uploads,
    pub(super) request_id: RequestId,
    pub(super) owner: Owner,
    pub(super) upload: Upload,
    pub(super) sent: Sent,
}

impl Ending {
    pub(super) async fn run(&self) -> Result<Done, Refused> {
        let (sent, length) = (&self.sent, self.upload.received);
        let outcome = match &self.owner {
            Owner::User { principal, access } => {
                let access = if sent.is_beside()? { access.storing_beside() } else { *access };
                let (actor, now) = (principal.actor(), Timestamp::now());
                let change = Change { access, actor, now, conditions: Conditions::default() };
                self.uploads.finish(change, self.upload.id, Finish::default()).await?
            }
            Owner::Guest { visit, hand_in } => self.hand_in(visit, *hand_in).await?,
            Owner::Partner { visit, .. } => {
                let (folder, now) = (sent.folder()?, Timestamp::now());
                let (change, path) = self.sharing.place_beside(visit, &folder, &sent.path, now).await?;
                let finish = Finish { path: Some(path), ..Finish::default() };
                let owner = (self.owner.id(), None);
                self.uploads.finish_for_guest(change, self.upload.id, finish, owner).await?
            }
        };
        Ok(Done::new(length, &sent.path, outcome, &self.owner))
    }

    /// Makes it a file of a hand-in. One that will never be taken ends, and is named in the receipt.
    async fn hand_in(&self, visit: &Visit, hand_in: HandInId) -> Result<PutOutcome, Refused> {
        let (sharing, uploads, now) = (&self.sharing, &self.uploads, Timestamp::now());
        let (id, file) = (self.upload.id, self.sent.handed_in(self.upload.received)?);
        let refused = match sharing.place_again(visit, hand_in, &file, now).await {
            Ok(placed) => {
                let finish = Finish { path: Some(placed.path), ..Finish::default() };
                let owner = (self.owner.id(), Some(placed.along));
                match uploads.finish_for_guest(placed.change, id, finish, owner).await {
                    Ok(outcome) => return Ok(outcome),
                    Err(error) => Refused::from(error),
                }
            }
            Err(error) => Refused::from(error),
        };
        let Some(refusal) = refused.final_refusal(self.request_id) else { return Err(refused) };
        let (of, path) = ((hand_in, file.item), self.sent.path.text());
        log_unnoted(sharing.note_refused_in(visit, of, path, refusal.word(), now).await, self.request_id);
        let by = Stamp { actor: visit.actor(), at: now };
        // An upload that cannot be ended now expires.
        let _ = uploads.cancel(&visit.access, UploadsOf::HandIn(hand_in), id, by).await;
        Err(refusal.into())
    }
}

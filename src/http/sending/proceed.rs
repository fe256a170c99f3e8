//! Goes on with an upload, ends it, or makes it a file.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};

use super::refused::Refused;
use super::sent::Sent;
use super::{Answer, Done, Owner, PROTOCOL, SendRequest, UPLOAD_LENGTH, at_offset, stored};
use crate::http::protocol::RequestError;
use crate::http::protocol::headers;
use crate::http::reply::uncached;
use crate::library::{Change, LibraryError, PutOutcome, receive};
use crate::model::{Conditions, HandInId, Right, SpaceId, Stamp, Timestamp, UploadId, UploadOwner};
use crate::net::RequestBody;
use crate::sharing::{HandInError, Visit};
use crate::uploads::{Finish, PartInfo, Upload, UploadError, UploadsOf};

const CONTENT: &str = "application/offset+octet-stream";

impl SendRequest<'_> {
    /// Answers a request to the address of an upload.
    pub(super) async fn proceed(&mut self, id: UploadId, body: &mut RequestBody) -> Answer {
        self.require_version()?;
        let (owner, space) = match self.services.uploads.owner_of(id).await {
            Ok(found) => found,
            Err(UploadError::NoSuchUpload) => return self.after_its_end(id),
            Err(error) => return Err(error.into()),
        };
        self.is_guest = matches!(owner, UploadOwner::HandIn(_));
        let owner = self.owner(owner, space).await?;
        let answer = self.proceed_as(&owner, id, body).await;
        let mut response = answer.unwrap_or_else(|refused| self.finished(Err(refused)));
        owner.mark(&mut response);
        Ok(response)
    }

    async fn proceed_as(&self, owner: &Owner, id: UploadId, body: &mut RequestBody) -> Answer {
        let (uploads, now) = (&self.services.uploads, self.info.received);
        match self.parts.method {
            Method::DELETE => {
                let by = Stamp { actor: owner.actor(), at: now };
                uploads.cancel(owner.access(), UploadsOf::from(owner.id()), id, by).await?;
                Ok(uncached(StatusCode::NO_CONTENT))
            }
            Method::HEAD => {
                let upload = self.own(owner, id).await?;
                // A file that was refused at its end is offered again.
                let (received, length) = (upload.received, upload.length.unwrap_or_default());
                if upload.is_complete() {
                    return Ok(stored(StatusCode::OK, &self.make_file(owner, upload).await?));
                }
                let mut response = at_offset(StatusCode::OK, received);
                response.headers_mut().insert(UPLOAD_LENGTH, length.into());
                Ok(response)
            }
            Method::PATCH => {
                let offset = headers::number_of_bytes(&self.parts.headers, "Upload-Offset")?;
                let missing = RequestError::Header { name: "Upload-Offset", reason: "is missing" };
                let (offset, upload) = (offset.ok_or(missing)?, self.own(owner, id).await?);
                if offset != upload.received {
                    return Err(UploadError::OffsetMismatch { expected: upload.received }.into());
                }
                self.append(owner, upload, body, StatusCode::NO_CONTENT).await
            }
            _ => Err(Refused::Method),
        }
    }

    /// Appends the body; its end is answered with this status.
    pub(super) async fn append(
        &self,
        owner: &Owner,
        mut upload: Upload,
        body: &mut RequestBody,
        status: StatusCode,
    ) -> Answer {
        if !upload.is_complete() {
            let kind = self.parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
            if !kind.eq_ignore_ascii_case(CONTENT.as_bytes()) {
                let reason = "is not application/offset+octet-stream";
                return Err(RequestError::Header { name: "Content-Type", reason }.into());
            }
            let part = PartInfo { size: headers::content_length(&self.parts.headers)?, checksum: None };
            let (access, at, now) = (owner.access(), upload.received, self.info.received);
            let writing =
                self.services.uploads.begin_append(access, owner.id(), upload.id, at, part, now).await?;
            let still_allowed = async || self.owner(owner.id(), upload.space).await.map(drop);
            upload = receive(writing, body, still_allowed, Timestamp::now).await??;
        }
        match upload.is_complete() {
            true => Ok(stored(status, &self.make_file(owner, upload).await?)),
            false => Ok(at_offset(status, upload.received)),
        }
    }

    /// Turns a complete upload into a file. Runs to its end even if the client leaves: it will ask for the result.
    async fn make_file(&self, owner: &Owner, upload: Upload) -> Result<Done, Refused> {
        let sent = Sent::parse(&upload.metadata)?;
        let outcome = match owner {
            Owner::User { principal, access } => {
                let access = if sent.is_beside()? { access.storing_beside() } else { *access };
                let (actor, now) = (principal.actor(), Timestamp::now());
                let change = Change { access, actor, now, conditions: Conditions::default() };
                self.services.uploads.finish(change, upload.id, Finish::default()).await?
            }
            Owner::Guest { visit, hand_in } => self.hand_in(visit, *hand_in, &upload, &sent).await?,
        };
        let name = outcome.entry.name;
        // A guest learns no name but the sent one: that would tell of other files.
        let is_other = matches!(owner, Owner::User { .. })
            && sent.path.names().last().is_some_and(|own| own.as_str() != name);
        let done = Done { length: upload.received, stored_as: is_other.then_some(name) };
        self.memory.note(upload.id, done.clone());
        Ok(done)
    }

    /// Makes it a file of a hand-in. One that will never be taken ends, and is named in the receipt.
    async fn hand_in(
        &self,
        visit: &Visit,
        hand_in: HandInId,
        upload: &Upload,
        sent: &Sent,
    ) -> Result<PutOutcome, Refused> {
        let (sharing, uploads, now) = (&self.services.sharing, &self.services.uploads, Timestamp::now());
        let file = sent.handed_in(upload.received)?;
        let refused = match sharing.place_again(visit, hand_in, &file, now).await {
            Ok(placed) => {
                let finish = Finish { path: Some(placed.path), ..Finish::default() };
                let along = (hand_in, placed.along);
                match uploads.finish_for_hand_in(placed.change, upload.id, finish, along).await {
                    Ok(outcome) => return Ok(outcome),
                    Err(error) => Refused::from(error),
                }
            }
            Err(error) => Refused::from(error),
        };
        if let Some(refusal) = refused.final_refusal(self.info.request_id) {
            let of = (hand_in, file.item);
            let noted = sharing.note_refused_in(visit, of, sent.path.text(), refusal.word(), now).await;
            self.log_unnoted(noted);
            let by = Stamp { actor: visit.actor(), at: now };
            let of = UploadsOf::HandIn(hand_in);
            let _ = uploads.cancel(&visit.access, of, upload.id, by).await;
            return Err(refusal.into());
        }
        Err(refused)
    }

    /// The owner of an upload, if they may still store files in its space.
    async fn owner(&self, owner: UploadOwner, space: SpaceId) -> Result<Owner, Refused> {
        match owner {
            UploadOwner::User(user) => {
                let accounts = &self.services.accounts;
                let principal = accounts.principal_of(user).await.map_err(LibraryError::from)?;
                let principal = principal.ok_or(Refused::NotSignedIn)?;
                let access = accounts.access(&principal, space).await?.ok_or(Refused::NoSuchUpload)?;
                access.require(Right::Write).map_err(LibraryError::from)?;
                Ok(Owner::User { principal, access })
            }
            UploadOwner::HandIn(hand_in) => {
                let visit = self.services.sharing.reopen(hand_in, Timestamp::now()).await?;
                Ok(Owner::Guest { visit: Box::new(visit), hand_in })
            }
        }
    }

    /// The upload. Ends a request that still writes to it, so that the answer stays true.
    async fn own(&self, owner: &Owner, id: UploadId) -> Result<Upload, Refused> {
        let uploads = &self.services.uploads;
        let upload = uploads.find(owner.access(), owner.id(), id, self.info.received).await;
        match upload {
            Ok(upload) if upload.protocol == PROTOCOL => Ok(upload),
            Ok(_) => Err(Refused::NoSuchUpload),
            Err(error) => Err(error.into()),
        }
    }

    /// The answer about an upload that is no more: it may have become a file, whose client lost the answer.
    fn after_its_end(&self, id: UploadId) -> Answer {
        let done = self.memory.done(id).ok_or(Refused::NoSuchUpload)?;
        match self.parts.method {
            Method::HEAD => Ok(stored(StatusCode::OK, &done)),
            Method::PATCH => {
                let offset = headers::number_of_bytes(&self.parts.headers, "Upload-Offset")?;
                match offset == Some(done.length) {
                    true => Ok(stored(StatusCode::NO_CONTENT, &done)),
                    false => Err(UploadError::OffsetMismatch { expected: done.length }.into()),
                }
            }
            _ => Err(Refused::NoSuchUpload),
        }
    }

    pub(super) fn log_unnoted(&self, noted: Result<(), HandInError>) {
        if let Err(error) = noted {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(request_id = %self.info.request_id, error, "a refused file is missing in its receipt");
        }
    }
}

//! Goes on with an upload, ends it, or makes it a file.

use http::{Method, StatusCode};

use super::ending::Ending;
use super::refused::Refused;
use super::sent::Sent;
use super::{Answer, Done, Owner, PROTOCOL, SendRequest, at_offset, stored};
use crate::http::protocol::RequestError;
use crate::http::protocol::headers;
use crate::http::protocol::tus::{self, UPLOAD_LENGTH};
use crate::http::reply::uncached;
use crate::library::{LibraryError, receive};
use crate::model::{Right, SpaceId, Stamp, Timestamp, UploadId, UploadOwner};
use crate::net::RequestBody;
use crate::uploads::{PartInfo, Upload, UploadError, UploadsOf};

impl SendRequest<'_> {
    /// Answers a request to the address of an upload.
    pub(super) async fn proceed(&mut self, id: UploadId, body: &mut RequestBody) -> Answer {
        self.require_version()?;
        match self.proceed_with(id, body).await {
            Err(Refused::NoSuchUpload) => self.after_its_end(id).await,
            answer => answer,
        }
    }

    async fn proceed_with(&mut self, id: UploadId, body: &mut RequestBody) -> Answer {
        let (owner, space) = self.services.uploads.owner_of(id).await?;
        self.is_guest = !matches!(owner, UploadOwner::User(_));
        let owner = self.owner(owner, space).await?;
        let mut response = match self.proceed_as(&owner, id, body).await {
            Err(Refused::NoSuchUpload) => return Err(Refused::NoSuchUpload),
            answer => answer.unwrap_or_else(|refused| self.told(Err(refused))),
        };
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
            if !tus::is_content(&self.parts.headers) {
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
        let (finished, id) = (self.finished.clone(), upload.id);
        let ending = Ending {
            sharing: self.services.sharing.clone(),
            uploads: self.services.uploads.clone(),
            request_id: self.info.request_id,
            owner: owner.clone(),
            upload,
            sent,
        };
        let task = tokio::spawn(async move {
            let _turn = finished.turn(id).await;
            // A client that lost its connection may ask while its last request is still running here.
            if let Some(done) = finished.of(id) {
                return Ok(done);
            }
            let done = ending.run().await?;
            finished.note(id, done.clone());
            Ok(done)
        });
        task.await.map_err(LibraryError::from)?
    }

    /// The owner of an upload, if they may still store files in its space.
    pub(super) async fn owner(&self, owner: UploadOwner, space: SpaceId) -> Result<Owner, Refused> {
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
            UploadOwner::Guest { link, browser } => {
                let visit = self.services.sharing.reopen_link(link, Timestamp::now()).await?;
                visit.access.scope_to_add().map_err(LibraryError::from)?;
                Ok(Owner::Partner { visit: Box::new(visit), browser })
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

    /// The answer about an upload that no longer exists: it may have become a file, whose client lost the answer.
    async fn after_its_end(&self, id: UploadId) -> Answer {
        let _turn = self.finished.turn(id).await;
        let done = self.finished.of(id).ok_or(Refused::NoSuchUpload)?;
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
}

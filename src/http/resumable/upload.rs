//! Operations on uploads that all protocols share: find, append, turn into a file.

use bytes::Bytes;
use http::HeaderMap;
use http::header::ETAG;
use http::{HeaderName, HeaderValue};

use super::{Done, Failure, Found, UploadRequest};
use crate::http::protocol::properties::push_cloud_id;
use crate::library::{Change, LibraryError, Source, Visibility, receive};
use crate::model::{Conditions, Stamp, Timestamp, UploadId};
use crate::net::{BodyError, RequestBody};
use crate::uploads::{Finish, PartInfo, Upload, UploadError, UploadsOf};

/// A body whose client gets interim answers about how much of it is durable.
struct Reporting<'a, S> {
    body: &'a mut RequestBody,
    /// Offset up to which the client knows the upload to be durable.
    reported: u64,
    say: S,
}

impl<S: Fn(&RequestBody, u64) + Send> Source for Reporting<'_, S> {
    type Error = BodyError;

    async fn next(&mut self, durable: u64) -> Option<Result<Bytes, BodyError>> {
        if durable > self.reported {
            self.reported = durable;
            (self.say)(self.body, durable);
        }
        self.body.next().await
    }
}

impl UploadRequest<'_> {
    /// The user's own upload of one of these protocols. Ends a request that is still writing to it, so that the
    /// answer stays true.
    pub(super) async fn find(&self, id: UploadId, protocols: &[&str]) -> Result<Found, Failure> {
        let user = self.principal.user;
        let open = match self.services.uploads.space_of(user, id).await {
            Ok(space) => {
                let access = self.access(space).await?;
                self.services.uploads.find(&access, user, id, self.info.received).await
            }
            Err(error) => Err(error),
        };
        match open {
            Ok(upload) if protocols.contains(&upload.protocol.as_str()) => Ok(Found::Open(upload)),
            Ok(_) => Err(Failure::no_such_upload()),
            Err(UploadError::NoSuchUpload) => {
                let _turn = self.finished.turn(id).await;
                let done = self
                    .finished
                    .of(id)
                    .filter(|done| done.user == user && protocols.contains(&done.protocol.as_str()));
                let done = done.ok_or_else(Failure::no_such_upload)?;
                let viewer = self.access(done.space).await?.viewer();
                // Its file may have been hidden since, even from its author.
                let seen = match done.version {
                    Some(version) => self.services.library.visibility(viewer, version).await?,
                    None => Visibility::Full,
                };
                if seen == Visibility::Hidden {
                    Err(Failure::no_such_upload())
                } else {
                    Ok(Found::Done(done))
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Appends the body to the upload, and reports how much of it is durable whenever that has grown. If the body
    /// breaks off, the bytes received are kept, unless they came with a checksum.
    pub(super) async fn feed(
        &self,
        upload: &Upload,
        part: PartInfo,
        body: &mut RequestBody,
        say: impl Fn(&RequestBody, u64) + Send,
    ) -> Result<Upload, Failure> {
        let access = self.access(upload.space).await?;
        let (user, now) = (self.principal.user, self.info.received);
        let writing =
            self.services.uploads.begin_append(&access, user, upload.id, upload.received, part, now).await?;
        let reporting = Reporting { body, reported: upload.received, say };
        let still_allowed = async || self.access(upload.space).await.map(drop);
        Ok(receive(writing, reporting, still_allowed, Timestamp::now).await??)
    }

    /// Turns a complete upload into a file.
    pub(super) async fn finish(&self, upload: Upload, conditions: Conditions) -> Result<Done, Failure> {
        let (user, now) = (self.principal.user, Timestamp::now());
        let by = Stamp { actor: self.principal.actor(), at: now };
        let change = Change { access: self.access(upload.space).await?, actor: by.actor, now, conditions };
        let (uploads, finished) = (self.services.uploads.clone(), self.finished.clone());
        // Runs to its end even if the client disconnects: the client will ask for the result.
        let task = tokio::spawn(async move {
            let _turn = finished.turn(upload.id).await;
            // A client that lost its connection may ask while its last request is still running here.
            if let Some(done) = finished.of(upload.id).filter(|done| done.user == user) {
                return Ok(done);
            }
            let access = change.access;
            let outcome = uploads.finish(change, upload.id, Finish::default()).await;
            if let Err(UploadError::Library(LibraryError::WrongChecksum)) = outcome {
                // No retry will succeed; the client finds no upload and begins anew.
                uploads.cancel(&access, UploadsOf::User(user), upload.id, by).await?;
            }
            let (id, done) = (upload.id, Done::new(user, upload, &outcome?));
            finished.note(id, done.clone());
            Ok::<_, UploadError>(done)
        });
        Ok(task.await.map_err(LibraryError::from)??)
    }

    /// Cancels an upload of one of these protocols.
    pub(super) async fn cancel(&self, id: UploadId, protocols: &[&str]) -> Result<(), Failure> {
        let Found::Open(upload) = self.find(id, protocols).await? else {
            return Err(Failure::no_such_upload());
        };
        let access = self.access(upload.space).await?;
        let of = UploadsOf::User(self.principal.user);
        Ok(self.services.uploads.cancel(&access, of, id, self.stamp()).await?)
    }

    /// The headers that a PUT would have for the file.
    pub(super) fn file_headers(&self, headers: &mut HeaderMap, done: &Done) {
        let mut id = String::new();
        push_cloud_id(&mut id, done.number, self.services.library.instance_id());
        let etag = format!("\"{}\"", done.etag.0);
        // ASCII text that the server generated.
        if let (Ok(id), Ok(etag)) = (HeaderValue::from_str(&id), HeaderValue::from_str(&etag)) {
            headers.insert(HeaderName::from_static("oc-fileid"), id);
            headers.insert(HeaderName::from_static("oc-etag"), etag.clone());
            headers.insert(ETAG, etag);
        }
    }
}

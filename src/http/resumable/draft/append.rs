//! PATCH, and other requests that append bytes.

use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::creation::{indicated_length, part_info, says_nothing};
use super::dialect::Dialect;
use super::origin::Origin;
use super::{
    Answer, Failure, Found, PARTIAL_UPLOAD, PROTOCOL, UPLOAD_OFFSET, UploadRequest, fields, inform, problem,
    refused,
};
use crate::http::protocol::RequestError;
use crate::http::reply::uncached;
use crate::http::resumable::require_size;
use crate::library::LibraryError;
use crate::model::UploadId;
use crate::net::RequestBody;
use crate::uploads::{PartInfo, Upload, UploadError, UploadsOf};

impl UploadRequest<'_> {
    pub(super) async fn go_on(
        &self,
        dialect: Option<Dialect>,
        id: UploadId,
        body: &mut RequestBody,
    ) -> Answer {
        let headers = &self.parts.headers;
        let brings_nothing = body.announced_length() == Some(0);
        let upload = match self.find(id, &[PROTOCOL]).await? {
            Found::Open(upload) => upload,
            Found::Done(_) if brings_nothing => return Err(problem::COMPLETED),
            Found::Done(_) => return Err(problem::INCONSISTENT),
        };
        let dialect = dialect.unwrap_or_else(|| Origin::of(&upload).dialect());
        self.require_partial_upload(dialect)?;
        let is_complete = dialect.completes(headers)?.ok_or_else(says_nothing)?;
        let offset = fields::integer(headers, "Upload-Offset")?
            .ok_or(RequestError::Header { name: "Upload-Offset", reason: "is missing" })?;
        if upload.received != offset {
            return Err(UploadError::OffsetMismatch { expected: upload.received }.into());
        }
        let part = part_info(headers)?;
        let upload = match indicated_length(headers, is_complete, offset)? {
            Some(length) if upload.length.is_none() => {
                require_size(&self.services.uploads, length)?;
                let access = self.access(upload.space).await?;
                self.services.uploads.set_length(&access, self.principal.user, id, length).await?
            }
            Some(length) if upload.length != Some(length) => return Err(problem::INCONSISTENT),
            _ => upload,
        };
        let upload = match brings_nothing {
            true => upload,
            false => self.take_part(dialect, &upload, part, body).await?,
        };
        if is_complete {
            return self.complete(dialect, upload).await;
        }
        let mut response = uncached(StatusCode::NO_CONTENT);
        self.tell_progress(response.headers_mut(), dialect, &upload);
        Ok(response)
    }

    /// Appends the body to the upload. Bytes past its declared end invalidate it.
    pub(super) async fn take_part(
        &self,
        dialect: Dialect,
        upload: &Upload,
        part: PartInfo,
        body: &mut RequestBody,
    ) -> Result<Upload, Failure> {
        let is_announced = part.size.is_some();
        let say = |body: &RequestBody, durable: u64| {
            inform(dialect, body, |headers| {
                headers.insert(UPLOAD_OFFSET, durable.into());
            });
        };
        let outcome = self.feed(upload, part, body, say).await;
        // A body that declares too great a length was not read.
        if let Err(Failure::Upload(UploadError::TooLong)) = outcome
            && !is_announced
        {
            let access = self.access(upload.space).await?;
            let of = UploadsOf::User(self.principal.user);
            self.services.uploads.cancel(&access, of, upload.id, self.stamp()).await?;
        }
        outcome
    }

    /// Turns an upload into a file once its client has declared it complete.
    pub(super) async fn complete(&self, dialect: Dialect, upload: Upload) -> Answer {
        if upload.length.is_some_and(|length| length != upload.received) {
            return Err(UploadError::Incomplete { received: upload.received }.into());
        }
        let conditions = self.conditions(&Origin::of(&upload).completed_by(&self.parts.headers))?;
        let received = upload.received;
        match self.finish(upload, conditions).await {
            Ok(done) => Ok(self.answered_as_put(dialect, &done)),
            Err(failure) => {
                // Content with a wrong checksum cannot be resumed; any other failure can be retried.
                let is_over = matches!(failure, Failure::Library(LibraryError::WrongChecksum));
                let mut response = refused(self, failure);
                let headers = response.headers_mut();
                dialect.say(headers, is_over);
                if !is_over {
                    headers.insert(UPLOAD_OFFSET, received.into());
                }
                Ok(response)
            }
        }
    }

    /// Drafts with a media type for parts accept no other one.
    fn require_partial_upload(&self, dialect: Dialect) -> Result<(), Failure> {
        let kind = self.parts.headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if !dialect.has_limits() || kind.eq_ignore_ascii_case(PARTIAL_UPLOAD.as_bytes()) {
            return Ok(());
        }
        let text = "the Content-Type of a part is application/partial-upload";
        Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
    }
}

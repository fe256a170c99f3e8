//! PATCH, and other requests that append bytes.

use http::{HeaderMap, StatusCode};

use super::{
    Answer, Failure, Found, PROTOCOL_OF_JOINED, PROTOCOLS, UPLOAD_OFFSET, UploadRequest, expires, is_whole,
    refused,
};
use crate::http::protocol::tus::is_content;
use crate::http::protocol::{RequestError, headers as dav_headers};
use crate::http::reply::uncached;
use crate::http::resumable::require_size;
use crate::model::{Checksum, ChecksumKind, UploadId};
use crate::net::RequestBody;
use crate::uploads::{PartInfo, Upload, UploadError};

impl UploadRequest<'_> {
    pub(super) async fn append(&self, id: UploadId, body: &mut RequestBody) -> Answer {
        self.require_content()?;
        let headers = &self.parts.headers;
        let offset = dav_headers::number_of_bytes(headers, "Upload-Offset")?
            .ok_or(RequestError::Header { name: "Upload-Offset", reason: "is missing" })?;
        let announced = dav_headers::number_of_bytes(headers, "Upload-Length")?;
        let brings_nothing = body.announced_length() == Some(0);
        let upload = match self.find(id, &PROTOCOLS).await? {
            Found::Open(upload) => upload,
            Found::Done(done) if done.protocol == PROTOCOL_OF_JOINED => return Err(is_joined()),
            Found::Done(done) if offset != done.length => {
                return Err(UploadError::OffsetMismatch { expected: done.length }.into());
            }
            Found::Done(_) if !brings_nothing => return Err(UploadError::TooLong.into()),
            Found::Done(done) => return Ok(self.stored(StatusCode::NO_CONTENT, &done)),
        };
        // Without bytes it asks to retry the end.
        if upload.protocol == PROTOCOL_OF_JOINED && !brings_nothing {
            return Err(is_joined());
        }
        if upload.received != offset {
            return Err(UploadError::OffsetMismatch { expected: upload.received }.into());
        }
        let upload = match announced {
            Some(length) => {
                require_size(&self.services.uploads, length)?;
                let access = self.access(upload.space).await?;
                self.services.uploads.set_length(&access, self.principal.user, id, length).await?
            }
            None => upload,
        };
        let upload = match upload.is_complete() && brings_nothing {
            true => upload,
            false => self.take(&upload, body).await?,
        };
        if is_whole(&upload) {
            let received = upload.received;
            return match self.make_file(upload).await {
                Ok(done) => Ok(self.stored(StatusCode::NO_CONTENT, &done)),
                Err(failure) => {
                    let mut response = refused(failure, self.info);
                    response.headers_mut().insert(UPLOAD_OFFSET, received.into());
                    Ok(response)
                }
            };
        }
        let mut response = uncached(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(UPLOAD_OFFSET, upload.received.into());
        expires(headers, &upload);
        Ok(response)
    }

    pub(super) fn require_content(&self) -> Result<(), Failure> {
        if is_content(&self.parts.headers) {
            return Ok(());
        }
        let text = "the Content-Type of an upload's bytes is application/offset+octet-stream";
        Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
    }

    /// Appends the body to the upload.
    pub(super) async fn take(&self, upload: &Upload, body: &mut RequestBody) -> Result<Upload, Failure> {
        let part = PartInfo {
            size: dav_headers::content_length(&self.parts.headers)?,
            checksum: checksum(&self.parts.headers)?,
        };
        self.feed(upload, part, body, |_, _| {}).await
    }
}

fn is_joined() -> Failure {
    Failure::Status(StatusCode::FORBIDDEN, "nothing can be added to an upload that was made of others")
}

/// `Upload-Checksum`: expected checksum of the body of this request.
pub fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Failure> {
    const NAME: &str = "Upload-Checksum";
    let Some(text) = dav_headers::single(headers, NAME)? else { return Ok(None) };
    let (kind, digest) = text.split_once(' ').unwrap_or((text, ""));
    let kind = match kind {
        "sha1" => ChecksumKind::Sha1,
        "sha256" => ChecksumKind::Sha256,
        _ => {
            let reason = "names an algorithm that this server does not know; it knows sha1 and sha256";
            return Err(RequestError::Header { name: NAME, reason }.into());
        }
    };
    let digest = data_encoding::BASE64.decode(digest.as_bytes()).ok();
    let checksum = digest.and_then(|digest| Checksum::new(kind, digest));
    let reason = "is not of the form sha1 <base64>";
    checksum.map(Some).ok_or(RequestError::Header { name: NAME, reason }.into())
}

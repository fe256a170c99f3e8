//! A PUT or POST that begins an upload.

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};

use super::dialect::Dialect;
use super::origin::Origin;
use super::{
    Answer, Failure, PROTOCOL, UPLOAD_KEPT_FOR, UploadRequest, fields, inform, limit, location, problem,
    refused,
};
use crate::http::protocol::{RequestError, headers as dav_headers};
use crate::http::reply::uncached;
use crate::http::resumable::require_size;
use crate::library::Change;
use crate::model::{Access, Stamp, UploadId, UploadShape};
use crate::net::RequestBody;
use crate::uploads::{NewUpload, PartInfo, Upload, Uploads, UploadsOf};

impl UploadRequest<'_> {
    pub(super) async fn begin(&self, dialect: Dialect, body: &mut RequestBody) -> Answer {
        let headers = &self.parts.headers;
        let is_complete = dialect.completes(headers)?.ok_or_else(says_nothing)?;
        dav_headers::refuse_parts(headers)?;
        if fields::integer(headers, "Upload-Offset")?.is_some_and(|offset| offset != 0) {
            let reason = "is for what goes on; an upload begins at 0";
            return Err(RequestError::Header { name: "Upload-Offset", reason }.into());
        }
        let (space, path) = self.target()?;
        if path.is_root() {
            let text = "this is a folder; name a file in it";
            return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED, text));
        }
        let length = indicated_length(headers, is_complete, 0)?;
        if let Some(length) = length {
            require_size(&self.services.uploads, length)?;
        }
        let part = part_info(headers)?;
        let access = self.writable(&space).await?;
        self.services.recent_spaces.note(self.principal.user, access.space());
        let by = self.stamp();
        let change = Change { access, actor: by.actor, now: by.at, conditions: self.conditions(headers)? };
        let new = NewUpload {
            id: UploadId::random(),
            protocol: PROTOCOL,
            name: None,
            shape: UploadShape::Linear,
            path: Some(path),
            length,
            modified: dav_headers::modified(headers)?,
            checksum: dav_headers::whole_checksum(headers)?,
            metadata: Origin::read(dialect, headers)?.to_string(),
            guest: None,
        };
        let upload = self.services.uploads.create(change, new).await?;
        let is_told = dialect.is_named && body.takes_interim();
        inform(dialect, body, |headers| {
            location(headers, upload.id);
            limit(&self.services.uploads, headers, UPLOAD_KEPT_FOR.as_secs());
        });
        let unknown =
            Unknown { uploads: self.services.uploads.clone(), access, by, id: upload.id, goes: !is_told };
        let id = upload.id;
        let mut response = match self.take_first(dialect, upload, is_complete, part, body).await {
            Ok(response) => response,
            Err(failure) if is_told => refused(self, failure),
            Err(failure) => return Err(failure),
        };
        let is_stored = response.status().is_success();
        if is_told || is_stored {
            unknown.became_known();
        }
        // For a new file, `Location` would be its own address.
        if is_told && !is_stored || !is_complete {
            location(response.headers_mut(), id);
        }
        Ok(response)
    }

    async fn take_first(
        &self,
        dialect: Dialect,
        mut upload: Upload,
        is_complete: bool,
        part: PartInfo,
        body: &mut RequestBody,
    ) -> Answer {
        if body.announced_length() != Some(0) {
            upload = self.take_part(dialect, &upload, part, body).await?;
        }
        if !is_complete {
            let mut response = uncached(StatusCode::CREATED);
            self.tell_progress(response.headers_mut(), dialect, &upload);
            return Ok(response);
        }
        self.complete(dialect, upload).await
    }
}

/// The headers that describe a part.
pub(super) fn part_info(headers: &HeaderMap) -> Result<PartInfo, RequestError> {
    Ok(PartInfo {
        size: dav_headers::content_length(headers)?,
        checksum: dav_headers::content_digest(headers)?,
    })
}

/// The length of the whole, from a header or because the body completes it. Errors: 400 if the two differ.
pub fn indicated_length(headers: &HeaderMap, is_complete: bool, offset: u64) -> Result<Option<u64>, Failure> {
    let said = fields::integer(headers, "Upload-Length")?;
    let counted = match is_complete && headers.contains_key(CONTENT_LENGTH) {
        true => dav_headers::content_length(headers)?.map(|length| offset.saturating_add(length)),
        false => None,
    };
    match (said, counted) {
        (Some(said), Some(counted)) if said != counted => Err(problem::INCONSISTENT),
        _ => Ok(said.or(counted)),
    }
}

pub(super) fn says_nothing() -> Failure {
    RequestError::Header { name: "Upload-Complete", reason: "is missing" }.into()
}

/// An upload whose address its client has not received. It ends with the request, because the client could never
/// resume it.
struct Unknown {
    uploads: Uploads,
    access: Access,
    by: Stamp,
    id: UploadId,
    goes: bool,
}

impl Unknown {
    fn became_known(mut self) {
        self.goes = false;
    }
}

impl Drop for Unknown {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.goes, tokio::runtime::Handle::try_current()) {
            let (uploads, access, by, id) = (self.uploads.clone(), self.access, self.by, self.id);
            runtime.spawn(async move {
                let of = UploadsOf::User(by.actor.person()?);
                uploads.cancel(&access, of, id, by).await.ok()
            });
        }
    }
}

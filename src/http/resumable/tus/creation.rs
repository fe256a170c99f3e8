//! Begins an upload, or joins several into one.

use http::{Response, StatusCode};

use super::append::checksum;
use super::concat::Kind;
use super::metadata::Metadata;
use super::{
    Answer, Endpoint, Failure, Found, PROTOCOL, PROTOCOL_OF_JOINED, PROTOCOL_OF_PARTS, PROTOCOLS,
    UPLOAD_OFFSET, UploadRequest, expires, is_whole, location, refused,
};
use crate::http::protocol::RequestError;
use crate::http::protocol::headers as dav_headers;
use crate::http::reply::uncached;
use crate::http::resumable::require_size;
use crate::library::{Change, LibraryError};
use crate::model::{Access, EntryName, EntryPath, UploadId, UploadShape};
use crate::net::{RequestBody, ResponseBody};
use crate::uploads::{NewUpload, Upload, UploadError, UploadsOf};

/// The parameters of a POST.
struct Creation {
    kind: Kind,
    /// `None` if a later request gives it.
    length: Option<u64>,
    metadata: Metadata,
    /// The metadata as sent.
    text: String,
}

/// Destination of an upload.
struct Goal {
    access: Access,
    /// `None` for a part.
    path: Option<EntryPath>,
}

impl UploadRequest<'_> {
    pub(super) async fn create(&self, body: &mut RequestBody) -> Answer {
        let creation = self.creation()?;
        let brings_content = body.announced_length() != Some(0);
        // Checked now, before the upload begins.
        checksum(&self.parts.headers)?;
        if brings_content {
            self.require_content()?;
        }
        match &creation.kind {
            Kind::Final(_) if brings_content => {
                return Err(unclear("an upload that is made of others brings no bytes of its own"));
            }
            Kind::Final(parts) => return self.join(&creation, parts).await,
            Kind::Whole | Kind::Partial => {}
        }
        let goal = self.goal(&creation).await?;
        let protocol = if creation.kind == Kind::Partial { PROTOCOL_OF_PARTS } else { PROTOCOL };
        let new = new_upload(&creation, &goal, protocol)?;
        let upload = self.services.uploads.create(self.change(&goal)?, new).await?;
        let id = upload.id;
        let mut response = match self.begun(upload, brings_content, body).await {
            Ok(response) => response,
            Err(failure) if creation.length == Some(0) => {
                let of = UploadsOf::User(self.principal.user);
                // It holds no data; left behind it would only count towards its user's limit.
                let _ = self.services.uploads.cancel(&goal.access, of, id, self.stamp()).await;
                return Err(failure);
            }
            Err(failure) => refused(failure, self.info),
        };
        // Even if the bytes did not arrive: the upload has begun, and the client may resume it.
        location(response.headers_mut(), id);
        Ok(response)
    }

    async fn begun(&self, mut upload: Upload, brings_content: bool, body: &mut RequestBody) -> Answer {
        if brings_content {
            upload = self.take(&upload, body).await?;
        }
        if is_whole(&upload) {
            return Ok(self.stored(StatusCode::CREATED, &self.make_file(upload).await?));
        }
        Ok(created(&upload))
    }

    /// Joins several uploads into one.
    async fn join(&self, creation: &Creation, parts: &[UploadId]) -> Answer {
        let goal = self.goal(creation).await?;
        let user = self.principal.user;
        let mut found = Vec::new();
        for id in parts {
            match self.find(*id, &PROTOCOLS).await? {
                Found::Open(part) if part.protocol == PROTOCOL_OF_PARTS => found.push(part),
                _ => return Err(Failure::no_such_upload()),
            }
        }
        if let Some(part) = found.iter().find(|part| !part.is_complete()) {
            return Err(UploadError::Incomplete { received: part.received }.into());
        }
        for part in found.iter().filter(|part| part.space != goal.access.space()) {
            let access = self.access(part.space).await?;
            self.services.uploads.relocate(&access, &goal.access, user, part.id, self.info.received).await?;
        }
        let new = new_upload(creation, &goal, PROTOCOL_OF_JOINED)?;
        let upload = self.services.uploads.concatenate(self.change(&goal)?, parts.to_vec(), new).await?;
        let id = upload.id;
        let mut response = match self.make_file(upload).await {
            Ok(done) => self.stored(StatusCode::CREATED, &done),
            Err(failure) => refused(failure, self.info),
        };
        location(response.headers_mut(), id);
        Ok(response)
    }

    fn creation(&self) -> Result<Creation, Failure> {
        let headers = &self.parts.headers;
        let kind = Kind::parse(dav_headers::single(headers, "Upload-Concat")?)?;
        let length = dav_headers::number_of_bytes(headers, "Upload-Length")?;
        let is_deferred = match dav_headers::single(headers, "Upload-Defer-Length")? {
            None => false,
            Some("1") => true,
            Some(_) => return Err(unclear("Upload-Defer-Length is 1 or absent")),
        };
        match (&kind, length, is_deferred) {
            (Kind::Final(_), None, false) => {}
            (Kind::Final(_), ..) => {
                return Err(unclear("an upload that is made of others has their length (no Upload-Length)"));
            }
            (_, Some(length), false) => require_size(&self.services.uploads, length)?,
            (_, None, true) => {}
            _ => return Err(unclear("an upload has either an Upload-Length or Upload-Defer-Length: 1")),
        }
        let text = dav_headers::single(headers, "Upload-Metadata")?.unwrap_or_default().to_owned();
        Ok(Creation { kind, length, metadata: Metadata::parse(&text)?, text })
    }

    async fn goal(&self, creation: &Creation) -> Result<Goal, Failure> {
        let path = self.parts.uri.path();
        let place = match Endpoint::at(path).is_some() {
            true => creation.metadata.place()?,
            false => Some(self.in_folder(&creation.metadata)?),
        };
        let access = match (&creation.kind, &place) {
            (_, Some((space, _))) => self.writable(space).await?,
            (Kind::Partial, None) => match creation.metadata.space()? {
                Some(space) => self.writable(&space).await?,
                None => self.likely_space().await?,
            },
            (_, None) => {
                return Err(RequestError::Header {
                    name: "Upload-Metadata",
                    reason: "must say where the file shall lie: path, or space, folder and filename",
                }
                .into());
            }
        };
        self.services.recent_spaces.note(self.principal.user, access.space());
        let path = place.map(|(_, path)| path).filter(|_| creation.kind != Kind::Partial);
        Ok(Goal { access, path })
    }

    /// A file in the folder that the request names.
    fn in_folder(&self, metadata: &Metadata) -> Result<(EntryName, EntryPath), Failure> {
        let (space, path) = self.target()?;
        let name = metadata.filename()?.ok_or(RequestError::Header {
            name: "Upload-Metadata",
            reason: "must say the name of the file (filename)",
        })?;
        Ok((space, path.join(name).map_err(LibraryError::from)?))
    }

    async fn likely_space(&self) -> Result<Access, Failure> {
        let likely = self.services.recent_spaces.likely(&self.services.accounts, self.principal).await?;
        let nowhere = "there is no space that you may write to";
        likely.ok_or(Failure::Status(StatusCode::FORBIDDEN, nowhere))
    }

    fn change(&self, goal: &Goal) -> Result<Change, Failure> {
        let conditions = self.conditions(&self.parts.headers)?;
        Ok(Change { access: goal.access, actor: self.principal.actor(), now: self.info.received, conditions })
    }
}

fn new_upload(creation: &Creation, goal: &Goal, protocol: &'static str) -> Result<NewUpload, Failure> {
    Ok(NewUpload {
        id: UploadId::random(),
        protocol,
        name: None,
        shape: UploadShape::Linear,
        path: goal.path.clone(),
        length: creation.length,
        modified: creation.metadata.modified()?,
        checksum: creation.metadata.checksum()?,
        metadata: creation.text.clone(),
        guest: None,
    })
}

fn created(upload: &Upload) -> Response<ResponseBody> {
    let mut response = uncached(StatusCode::CREATED);
    let headers = response.headers_mut();
    headers.insert(UPLOAD_OFFSET, upload.received.into());
    expires(headers, upload);
    response
}

fn unclear(text: &'static str) -> Failure {
    Failure::Status(StatusCode::BAD_REQUEST, text)
}

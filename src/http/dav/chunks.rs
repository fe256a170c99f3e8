//! Nextcloud's chunked uploads: clients put chunks into a folder of their own, and a MOVE turns it into a file.
//!
//! ```text
//! MKCOL uploads/U/7        201      PROPFIND uploads/U/7        chunks that have arrived, for resuming
//! PUT   uploads/U/7/00001  201      MOVE     uploads/U/7/.file  201 or 204, as a PUT of the whole file
//! ```
//! Clients choose names of sessions and chunks freely, and may delete a session and begin another with its name
//! while a request of the old one is still running. So each request looks up the name once, when it begins, and
//! acts on the upload that had it then, or fails. Chunks are sealed on arrival, to the key of one space, which the
//! Destination names. For clients that send it only with the MOVE, the server guesses the space that they used
//! last. A wrong guess costs a copy at the end.

use http::StatusCode;

use super::propfind::multistatus_response;
use super::{ALLOWED, Answer, DavRequest, Failure, options};
use crate::http::protocol::headers;
use crate::http::protocol::href::{Mount, Place};
use crate::http::protocol::listing::PropfindAnswer;
use crate::http::protocol::properties::{Permissions, ResourceView};
use crate::http::protocol::propfind;
use crate::http::protocol::xml;
use crate::http::reply::empty;
use crate::library::{Change, LibraryError, Overwrite, receive};
use crate::model::{
    Access, ChunkName, Conditions, Depth, EntryName, EntryPath, Etag, EtagMatch, Right, SpaceId, Timestamp,
    UploadId, UploadShape,
};
use crate::net::{RequestBody, ResponseBody};
use crate::uploads::{Finish, NewUpload, PartInfo, Upload, UploadError, UploadsOf};

/// The protocol of these uploads, as stored with them.
const PROTOCOL: &str = "chunks";

/// Target of a path below `uploads/U`.
enum Part {
    /// The folder of a session.
    Session,
    /// All of its chunks, joined into one file.
    All,
    Chunk(ChunkName),
}

/// The session that had this name when the request began.
struct Session {
    name: EntryName,
    id: UploadId,
    space: SpaceId,
}

impl DavRequest<'_> {
    pub(super) async fn chunked(&self, mount: &Mount, body: &mut RequestBody) -> Answer {
        let located = mount.locate(self.written_path())?.ok_or_else(Failure::not_found)?;
        let Place::Entry { space: name, path } = located.place else {
            return if self.parts.method == "OPTIONS" {
                Ok(options(ALLOWED))
            } else {
                Err(Failure::not_found())
            };
        };
        let part = match path.names() {
            [] => Part::Session,
            [one] if one.as_str() == ChunkName::ALL => Part::All,
            [one] => Part::Chunk(ChunkName::parse(one.as_str()).map_err(|_| Failure::not_found())?),
            _ => return Err(Failure::not_found()),
        };
        self.read_away(body).await?;
        match (self.parts.method.as_str(), part) {
            ("OPTIONS", _) => Ok(options(ALLOWED)),
            ("MKCOL", Part::Session) => self.begin_session(&name).await,
            ("PROPFIND", Part::Session) => self.list_session(mount, &self.session(name).await?, body).await,
            ("DELETE", Part::Session) => self.cancel_session(&self.session(name).await?).await,
            ("PUT", Part::Chunk(chunk)) => self.put_chunk(&self.session(name).await?, chunk, body).await,
            ("DELETE", Part::Chunk(chunk)) => self.delete_chunk(&self.session(name).await?, &chunk).await,
            ("MOVE", Part::All) => self.assemble(&self.session(name).await?).await,
            _ => Err(Failure::status(StatusCode::METHOD_NOT_ALLOWED, "an upload knows no such method here")),
        }
    }

    async fn session(&self, name: EntryName) -> Result<Session, Failure> {
        let (id, space) =
            self.services.uploads.named(self.principal()?.user, PROTOCOL, name.as_str()).await?;
        Ok(Session { name, id, space })
    }

    async fn begin_session(&self, name: &EntryName) -> Answer {
        let (access, path) = self.place_of_session().await?;
        let change = Change {
            access,
            actor: self.principal()?.actor(),
            now: self.info.received,
            conditions: Conditions::default(),
        };
        let new = NewUpload {
            id: UploadId::random(),
            protocol: PROTOCOL,
            name: Some(name.as_str().to_owned()),
            shape: UploadShape::Chunked,
            // The Destination of the MOVE decides, and may differ.
            path,
            length: headers::total_length(&self.parts.headers)?,
            modified: None,
            checksum: None,
            metadata: name.as_str().to_owned(),
            guest: None,
        };
        match self.services.uploads.create(change, new).await {
            Ok(_) => Ok(empty(StatusCode::CREATED)),
            Err(UploadError::Exists) => Err(Failure::status(
                StatusCode::METHOD_NOT_ALLOWED,
                "this upload was begun already; go on with it, or delete it first",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Destination of the upload, as far as it is known now.
    async fn place_of_session(&self) -> Result<(Access, Option<EntryPath>), Failure> {
        if self.parts.headers.contains_key("Destination") {
            let (target, _) = self.destination().await?;
            target.access.require(Right::Write).map_err(LibraryError::from)?;
            return Ok((target.access, Some(target.path).filter(|path| !path.is_root())));
        }
        let likely = self.services.recent_spaces.likely(&self.services.accounts, self.principal()?).await?;
        let none = || Failure::status(StatusCode::FORBIDDEN, "there is no space that you may write to");
        likely.map(|access| (access, None)).ok_or_else(none)
    }

    /// The right to the space that a session is in.
    async fn session_access(&self, session: &Session) -> Result<Access, Failure> {
        self.services.accounts.access(self.principal()?, session.space).await?.ok_or_else(Failure::not_found)
    }

    async fn put_chunk(&self, session: &Session, chunk: ChunkName, body: &mut RequestBody) -> Answer {
        let access = self.session_access(session).await?;
        let part = PartInfo {
            size: headers::content_length(&self.parts.headers)?,
            checksum: headers::content_digest(&self.parts.headers)?,
        };
        let (user, now) = (self.principal()?.user, self.info.received);
        let writing = self.services.uploads.begin_chunk(&access, user, session.id, chunk, part, now).await?;
        // On an error nothing of the chunk is kept: a client that saw part of it would take it for complete.
        let still_allowed = async || self.may_still_store(&access).await;
        receive(writing, body, still_allowed, Timestamp::now).await??;
        Ok(empty(StatusCode::CREATED))
    }

    async fn delete_chunk(&self, session: &Session, chunk: &ChunkName) -> Answer {
        let access = self.session_access(session).await?;
        let (user, now) = (self.principal()?.user, self.info.received);
        self.services.uploads.delete_chunk(&access, user, session.id, chunk, now).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    async fn cancel_session(&self, session: &Session) -> Answer {
        let access = self.session_access(session).await?;
        let of = UploadsOf::User(self.principal()?.user);
        self.services.uploads.cancel(&access, of, session.id, self.stamp()).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    async fn assemble(&self, session: &Session) -> Answer {
        let (target, overwrite) = self.destination().await?;
        if target.path.is_root() {
            return Err(Failure::status(
                StatusCode::METHOD_NOT_ALLOWED,
                "this is a folder; name a file in it",
            ));
        }
        let change = self.change(&target)?;
        let conditions = match overwrite {
            Overwrite::Allow => change.conditions,
            Overwrite::Forbid => Conditions { if_none_match: Some(EtagMatch::Any), ..change.conditions },
        };
        let access = self.session_access(session).await?;
        if access.space() != target.access.space() {
            let (user, now) = (self.principal()?.user, self.info.received);
            self.services.uploads.relocate(&access, &target.access, user, session.id, now).await?;
            // Copying may have taken a long time.
            self.may_still_store(&target.access).await?;
        }
        let modified = headers::modified(&self.parts.headers)?;
        let finish = Finish {
            path: Some(target.path.clone()),
            length: headers::total_length(&self.parts.headers)?,
            modified,
            checksum: headers::checksum(&self.parts.headers)?,
        };
        let change = Change { conditions, now: Timestamp::now(), ..change };
        let finished = self.services.uploads.finish(change, session.id, finish).await;
        let outcome = finished.map_err(|error| match error {
            UploadError::Library(error) => Failure::in_space(&target.space)(error),
            other => other.into(),
        })?;
        self.stored(&outcome.entry, outcome.created, modified.is_some())
    }

    /// Lists the chunks that have arrived completely, with exact sizes: clients send only the rest.
    async fn list_session(&self, mount: &Mount, session: &Session, body: &mut RequestBody) -> Answer {
        let depth = headers::depth(&self.parts.headers)?.unwrap_or(Depth::Infinity);
        let request = propfind::parse(&body.collect(xml::MAX_BODY_BYTES).await?)?;
        let access = self.session_access(session).await?;
        let (user, now) = (self.principal()?.user, self.info.received);
        let upload = self.services.uploads.find(&access, user, session.id, now).await?;
        let chunks = match depth {
            Depth::Zero => Vec::new(),
            _ => self.services.uploads.chunks(&access, user, session.id).await?,
        };
        let mut answer = PropfindAnswer::new(&request);
        let place = |path: EntryPath| Place::Entry { space: session.name.clone(), path };
        let href = mount.href(&place(EntryPath::root()), true);
        self.push_part(&mut answer, &upload, &href, session.name.as_str(), None);
        for chunk in chunks {
            let Ok(path) = EntryPath::parse(chunk.name.as_str()) else { continue };
            let href = mount.href(&place(path), false);
            self.push_part(&mut answer, &upload, &href, chunk.name.as_str(), Some(chunk.size));
        }
        Ok(multistatus_response(ResponseBody::full(answer.finish())))
    }

    /// One resource of a session: the folder, or a chunk of some size.
    fn push_part(
        &self,
        answer: &mut PropfindAnswer,
        upload: &Upload,
        href: &str,
        name: &str,
        size: Option<u64>,
    ) {
        answer.push(&ResourceView {
            href,
            is_folder: size.is_none(),
            display_name: name,
            size: size.unwrap_or(upload.received),
            content_type: "application/octet-stream",
            etag: &Etag(format!("{}-{}", upload.id, size.unwrap_or(upload.received))),
            created: upload.created,
            modified: upload.created,
            quota_available: None,
            quota_used: None,
            lockable: false,
            locks: "",
            dead: &[],
            cloud: self.cloud_view(Permissions::Inside(Right::Write)),
        });
    }
}

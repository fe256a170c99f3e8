//! MKCOL, DELETE, COPY and MOVE.

use http::StatusCode;

use super::get::state_headers;
use super::put::MTIME_ACCEPTED;
use super::target::{EntryTarget, Target};
use super::{Answer, DavRequest, Failure};
use crate::http::protocol::headers;
use crate::http::reply::empty;
use crate::library::{Change, LibraryError, Overwrite, Transfer, Transferred};
use crate::model::{Depth, Right, Timestamp};
use crate::net::RequestBody;

impl DavRequest<'_> {
    pub(super) async fn make_folder(&self, body: &mut RequestBody) -> Answer {
        let target = self.entry_target(exists).await?;
        let change = self.change(&target)?;
        // RFC 4918 9.3: the server does not understand any body here.
        if let Some(piece) = body.next().await.transpose()?
            && !piece.is_empty()
        {
            return Err(Failure::status(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MKCOL takes no body"));
        }
        let folder =
            self.services.library.make_folder(change, &target.path).await.map_err(|error| match error {
                LibraryError::Exists => exists(),
                other => Failure::in_space(&target.space)(other),
            })?;
        let mut response = empty(StatusCode::CREATED);
        state_headers(response.headers_mut(), &folder)?;
        self.cloud_headers(response.headers_mut(), &folder)?;
        Ok(response)
    }

    pub(super) async fn delete(&self) -> Answer {
        let target = self.entry_target(is_the_mount).await?;
        let change = self.change(&target)?;
        if headers::depth(&self.parts.headers)?.is_some_and(|depth| depth != Depth::Infinity) {
            let entry = self.services.library.find(&target.access, &target.path).await?;
            if entry.is_folder() {
                return Err(Failure::status(
                    StatusCode::BAD_REQUEST,
                    "a folder is deleted with all it holds",
                ));
            }
        }
        self.services.library.delete(change, &target.path).await.map_err(Failure::in_space(&target.space))?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    pub(super) async fn copy(&self) -> Answer {
        let depth = match headers::depth(&self.parts.headers)? {
            None | Some(Depth::Infinity) => Depth::Infinity,
            Some(Depth::Zero) => Depth::Zero,
            Some(Depth::One) => {
                return Err(Failure::status(StatusCode::BAD_REQUEST, "COPY knows Depth 0 and infinity only"));
            }
        };
        let source = self.entry_target(is_the_mount).await?;
        let (target, overwrite) = self.destination().await?;
        // Reading the source is enough; the destination requires the right to write.
        let change = Change { access: source.access, ..self.change(&target)? };
        let begun = self
            .services
            .library
            .begin_copy(change, &source.path, &target.access, &target.path, overwrite, depth)
            .await
            .map_err(between(&source, &target))?;
        self.arrived(&self.complete(begun, (&source, Right::Read), &target).await?)
    }

    pub(super) async fn relocate(&self) -> Answer {
        if headers::depth(&self.parts.headers)?.is_some_and(|depth| depth != Depth::Infinity) {
            return Err(Failure::status(StatusCode::BAD_REQUEST, "MOVE takes along everything below"));
        }
        let source = self.entry_target(is_the_mount).await?;
        let change = self.change(&source)?;
        let (target, overwrite) = self.destination().await?;
        let begun = self
            .services
            .library
            .begin_move(change, &source.path, &target.access, &target.path, overwrite)
            .await
            .map_err(between(&source, &target))?;
        self.arrived(&self.complete(begun, (&source, Right::Write), &target).await?)
    }

    /// Copying into another space may take hours. A user who loses the right meanwhile gets nothing, and a client
    /// that disconnects ends it, because this future is dropped.
    async fn complete(
        &self,
        begun: Transfer,
        (source, needed): (&EntryTarget, Right),
        target: &EntryTarget,
    ) -> Result<Transferred, Failure> {
        let mut carry = match begun {
            Transfer::Done(done) => return Ok(done),
            Transfer::Carry(carry) => carry,
        };
        let failed = between(source, target);
        loop {
            let is_unfinished = carry.copy_some().await.map_err(&failed)?;
            self.may_still(&source.access, needed).await?;
            self.may_still(&target.access, Right::Write).await?;
            if !is_unfinished {
                return carry.commit(Timestamp::now()).await.map_err(failed);
            }
        }
    }

    fn arrived(&self, done: &Transferred) -> Answer {
        let mut response = empty(if done.created { StatusCode::CREATED } else { StatusCode::NO_CONTENT });
        let headers = response.headers_mut();
        state_headers(headers, &done.entry)?;
        self.cloud_headers(headers, &done.entry)?;
        // A file keeps its time; rclone sets it itself if it wants another.
        let wanted = headers::modified(&self.parts.headers)?;
        if wanted.is_some_and(|wanted| wanted.as_secs() == done.entry.modified.as_secs()) {
            headers.insert(MTIME_ACCEPTED.0, MTIME_ACCEPTED.1);
        }
        Ok(response)
    }

    pub(super) async fn destination(&self) -> Result<(EntryTarget, Overwrite), Failure> {
        let overwrite = match headers::overwrite(&self.parts.headers)? {
            headers::Overwrite::Replace => Overwrite::Allow,
            headers::Overwrite::Forbid => Overwrite::Forbid,
        };
        match self.resolve(headers::destination(&self.parts.headers, &self.site)?).await? {
            Target::Root => Err(is_the_mount()),
            Target::Entry(target) => Ok((target, overwrite)),
        }
    }
}

/// An error about the source of a transfer or its destination.
fn between(source: &EntryTarget, target: &EntryTarget) -> impl Fn(LibraryError) -> Failure {
    Failure::between(&source.space, (&target.space, target.access.space()))
}

fn exists() -> Failure {
    Failure::status(StatusCode::METHOD_NOT_ALLOWED, "this name already exists")
}

fn is_the_mount() -> Failure {
    Failure::status(StatusCode::FORBIDDEN, "spaces are made, renamed and removed by an administrator")
}

//! PUT.

use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::get::state_headers;
use super::target::EntryTarget;
use super::{Answer, DavRequest, Failure};
use crate::http::protocol::headers::{self, UploadHeaders};
use crate::http::reply::empty;
use crate::library::{Change, Entry, LibraryError, NewFile, receive};
use crate::model::{Conditions, EntryPath, Timestamp};
use crate::net::{RequestBody, ResponseBody};

impl DavRequest<'_> {
    pub(super) async fn put(&self, body: &mut RequestBody) -> Answer {
        let target = self.entry_target(is_a_folder).await?;
        if target.path.is_root() && !self.visitor.is_at_a_file() {
            return Err(is_a_folder());
        }
        let change = self.addition(&target)?;
        let UploadHeaders { length, modified, checksum, .. } = headers::upload(&self.parts.headers)?;
        let failed = Failure::in_space(&target.space);
        let file = NewFile { path: target.path.clone(), size: length, modified, checksum };
        let mut begun = self.services.library.begin_put(change.clone(), file.clone()).await;
        if matches!(begun, Err(LibraryError::ParentMissing)) && headers::makes_parents(&self.parts.headers) {
            self.make_parents(&change, &target).await?;
            begun = self.services.library.begin_put(change, file).await;
        }
        let session = begun.map_err(&failed)?;
        let still_allowed = async || self.may_still_store(&target.access).await;
        let stored = receive(session, body, still_allowed, Timestamp::now).await?;
        let outcome = stored.map_err(&failed)?;
        if target.access.only_adds() {
            // The answer does not even contain the final name: a changed one would reveal that a file of this name
            // exists.
            return Ok(received(modified.is_some()));
        }
        self.stored(&outcome.entry, outcome.created, modified.is_some())
    }

    /// Creates the missing parent folders of a file.
    async fn make_parents(&self, change: &Change, target: &EntryTarget) -> Result<(), Failure> {
        let Some((parents, _)) = target.path.split_last() else { return Ok(()) };
        let change = Change { conditions: Conditions::default(), ..change.clone() };
        for depth in 1..=parents.names().len() {
            let names = parents.names().iter().take(depth).cloned().collect();
            let folder = EntryPath::new(names).map_err(LibraryError::from)?;
            match self.services.library.make_folder(change.clone(), &folder).await {
                Ok(_) | Err(LibraryError::Exists) => {}
                Err(error) => return Err(Failure::in_space(&target.space)(error)),
            }
        }
        Ok(())
    }

    /// The answer after a file was stored.
    pub(super) fn stored(&self, entry: &Entry, created: bool, keeps_time: bool) -> Answer {
        let mut response = empty(if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT });
        let headers = response.headers_mut();
        state_headers(headers, entry)?;
        self.cloud_headers(headers, entry)?;
        if keeps_time {
            headers.insert(MTIME_ACCEPTED.0, MTIME_ACCEPTED.1);
        }
        Ok(response)
    }
}

/// The answer to a guest who may only add files and must not learn anything else.
fn received(keeps_time: bool) -> Response<ResponseBody> {
    let mut response = empty(StatusCode::CREATED);
    if keeps_time {
        response.headers_mut().insert(MTIME_ACCEPTED.0, MTIME_ACCEPTED.1);
    }
    response
}

/// Tells Nextcloud's clients that the file now has the modification time that they sent.
pub(super) const MTIME_ACCEPTED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-oc-mtime"), HeaderValue::from_static("accepted"));

fn is_a_folder() -> Failure {
    Failure::status(StatusCode::METHOD_NOT_ALLOWED, "this is a folder; name a file in it")
}

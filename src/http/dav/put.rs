//! PUT.

use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::get::{quoted, state_headers};
use super::protocol::headers::{self, UploadHeaders};
use super::{Answer, Call, Failure, empty};
use crate::http::{RequestBody, ResponseBody};
use crate::library::{Entry, NewFile};
use crate::model::{Right, Timestamp};

impl Call<'_> {
    pub(super) async fn put(&self, body: &mut RequestBody) -> Answer {
        let target = self.entry_target(is_a_folder).await?;
        if target.path.is_root() {
            return Err(is_a_folder());
        }
        let change = self.change(&target)?;
        let UploadHeaders { length, modified, checksum, .. } = headers::upload(&self.parts.headers)?;
        let failed = Failure::in_space(&target.space);
        let file = NewFile { path: target.path.clone(), size: length, modified, checksum };
        let mut session = self.library.begin_put(change, file).await.map_err(&failed)?;
        while let Some(piece) = body.next().await {
            session.write(piece?).await.map_err(&failed)?;
        }
        // Who lost the right while the body was on its way, perhaps for hours, stores nothing.
        self.still_may(&target.access, Right::Write).await?;
        // The body may have taken hours: the commit is dated when it happens.
        let outcome = session.commit(Timestamp::now()).await.map_err(&failed)?;
        stored(&outcome.entry, outcome.created, modified.is_some())
    }
}

fn is_a_folder() -> Failure {
    Failure::status(StatusCode::METHOD_NOT_ALLOWED, "this is a folder; name a file in it")
}

/// The answer after a file was stored.
fn stored(entry: &Entry, created: bool, keeps_time: bool) -> Result<Response<ResponseBody>, Failure> {
    let mut response = empty(if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT });
    let headers = response.headers_mut();
    state_headers(headers, entry)?;
    headers.insert(HeaderName::from_static("oc-etag"), quoted(&entry.etag)?);
    if keeps_time {
        headers.insert(HeaderName::from_static("x-oc-mtime"), HeaderValue::from_static("accepted"));
    }
    Ok(response)
}

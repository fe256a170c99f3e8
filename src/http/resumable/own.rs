//! The user's own uploads of every protocol.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::{Answer, UploadRequest};
use crate::http::reply::uncached;
use crate::model::{EntryPath, Right, UploadId};
use crate::net::ResponseBody;
use crate::uploads::UploadsOf;

impl UploadRequest<'_> {
    /// A list in JSON of uploads into spaces that the user may write to. Bytes, and seconds since 1970 UTC.
    pub(super) async fn list(&self) -> Answer {
        let mut rights = self.services.accounts.spaces_of(self.principal).await?;
        rights.retain(|access| access.require(Right::Write).is_ok());
        let tops = self.services.library.tops(&rights, self.info.received).await?;
        let uploads = self.services.uploads.list(&rights, UploadsOf::User(self.principal.user)).await?;
        let shown = uploads.iter().filter_map(|upload| {
            let space = tops.iter().find(|top| top.space.id == upload.space)?;
            Some(json!({
                "id": upload.id.to_string(),
                "protocol": upload.protocol,
                "space": space.space.name.as_str(),
                "path": upload.path.as_ref().map(EntryPath::text),
                "received": upload.received,
                "length": upload.length,
                "created": upload.created.to_string(),
                "expires": upload.expires.to_string(),
            }))
        });
        let mut response: Response<ResponseBody> = uncached(StatusCode::OK);
        *response.body_mut() = ResponseBody::full(json!(shown.collect::<Vec<_>>()).to_string());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }

    /// Ends an upload of any protocol.
    pub(super) async fn end(&self, id: UploadId) -> Answer {
        let user = self.principal.user;
        let space = self.services.uploads.space_of(user, id).await?;
        let access = self.access(space).await?;
        self.services.uploads.cancel(&access, UploadsOf::User(user), id, self.stamp()).await?;
        Ok(uncached(StatusCode::NO_CONTENT))
    }
}

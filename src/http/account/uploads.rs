//! The person's own unfinished uploads.

use http::Response;
use maud::{Markup, html};

use super::{HERE, Outcome, Own};
use crate::http::error::upload_status;
use crate::http::page::folder::shown_name;
use crate::http::reply::see_other;
use crate::library::Space;
use crate::model::{Access, Right, Shown};
use crate::net::ResponseBody;
use crate::uploads::{Upload, UploadError, UploadsOf};

/// Most uploads that are shown at once, the oldest ones.
const MOST_UPLOADS: usize = 100;

impl Own<'_> {
    /// The uploads with the way to discard each; nothing if there is none, or they cannot be read.
    pub(super) async fn uploads(&self) -> Markup {
        let services = self.desk.context.services;
        let own = UploadsOf::User(self.desk.principal().user);
        let uploads = services.uploads.list(&self.writable(), own).await.unwrap_or_default();
        let spaces = services.library.spaces().await.unwrap_or_default();
        let texts = self.texts();
        html! {
            @if !uploads.is_empty() {
                section {
                    h2 { (texts.uploads_title()) }
                    p { (texts.uploads_about()) }
                    ul.items { @for upload in uploads.iter().take(MOST_UPLOADS) { (self.upload(upload, &spaces)) } }
                }
            }
        }
    }

    fn upload(&self, upload: &Upload, spaces: &[Space]) -> Markup {
        let (texts, language) = (self.texts(), self.desk.language);
        let (arrived, until) = (language.size(upload.received), self.desk.moment(upload.expires));
        let extent = match upload.length {
            Some(whole) => texts.upload_part(&arrived, &language.size(whole), &until),
            None => texts.upload_begun(&arrived, &until),
        };
        let space = spaces.iter().find(|space| space.id == upload.space);
        html! {
            li {
                @if let Some(space) = space { (shown_name(&space.name)) }
                @if let Some(path) = &upload.path { (Shown(&path.to_string())) }
                p.where { (extent) }
                form method="post" action=(HERE) {
                    (self.desk.token())
                    input type="hidden" name="upload" value=(upload.id);
                    button.plain name="do" value="discard" { (texts.discard()) }
                }
            }
        }
    }

    /// Ends an upload.
    pub(super) async fn discard(&self, upload: &str) -> Response<ResponseBody> {
        match self.cancel(upload).await {
            Ok(()) => see_other(&format!("{HERE}?discarded")),
            Err(error) => {
                if upload_status(&error).is_server_error() {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(request_id = %self.desk.context.info.request_id, error, "upload not discarded");
                }
                self.page(Outcome::Refused(self.refusal(error.code()))).await
            }
        }
    }

    async fn cancel(&self, upload: &str) -> Result<(), UploadError> {
        let (uploads, by) = (&self.desk.context.services.uploads, self.desk.principal());
        let id = upload.parse().map_err(|_| UploadError::NoSuchUpload)?;
        let space = uploads.space_of(by.user, id).await?;
        let access = self.writable().into_iter().find(|access| access.space() == space);
        let access = access.ok_or(UploadError::NoSuchUpload)?;
        uploads.cancel(&access, UploadsOf::User(by.user), id, by.stamp(self.desk.context.info.received)).await
    }

    fn writable(&self) -> Vec<Access> {
        self.desk.accesses.iter().filter(|access| access.require(Right::Write).is_ok()).copied().collect()
    }
}

//! SEARCH for the entry with a number, which Nextcloud's own Python library sends after each MOVE and COPY.

use super::propfind::multistatus_response;
use super::target::EntryTarget;
use super::{Answer, DavRequest};
use crate::http::protocol::listing::PropfindAnswer;
use crate::http::protocol::{search, xml};
use crate::model::{Depth, EntryName};
use crate::net::{RequestBody, ResponseBody};

impl DavRequest<'_> {
    /// The requested properties of the entry, or an empty answer if it does not exist or this user may not see it.
    pub(super) async fn search(&self, body: &mut RequestBody) -> Answer {
        let request = search::parse(&body.collect(xml::MAX_BODY_BYTES).await?)?;
        let rights = self.services.accounts.spaces_of(self.principal()?).await?;
        let found = self.services.library.located(&rights, vec![request.entry]).await?.pop();
        let target = found.and_then(|(entry, path)| {
            let access = *rights.iter().find(|access| access.space() == entry.space)?;
            Some((access, path))
        });
        let Some((access, path)) = target else {
            let nothing = PropfindAnswer::new(&request.select).finish();
            return Ok(multistatus_response(ResponseBody::full(nothing)));
        };
        let name = self.services.library.space_name(access.space()).await?;
        let Ok(space) = EntryName::parse(&name) else {
            return Err(super::Failure::not_found());
        };
        self.list_entry(EntryTarget { space, path, access }, &request.select, Depth::Zero).await
    }
}

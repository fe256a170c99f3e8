//! The folder of a link, or one in it, as a ZIP file.

use http::Response;

use super::pages;
use super::{LinkRequest, folder_path};
use crate::http::archive;
use crate::http::reader::Reader;
use crate::http::reply::see_other;
use crate::model::{EntryName, EntryPath, Right};
use crate::net::ResponseBody;
use crate::sharing::Visit;

impl LinkRequest<'_> {
    /// A folder of a link that counts no downloads.
    pub(super) async fn archive(&self, folder: &str) -> Response<ResponseBody> {
        let visit = match self.open(self.pass()).await {
            Ok(visit) => visit,
            Err(error) => return self.refused(&error),
        };
        if visit.link.counts_downloads() || visit.access.scope(Right::Read).is_err() {
            return see_other(self.address.base);
        }
        match folder_path(folder) {
            Some(path) => self.archive_of(&visit, &path).await,
            None => pages::gone(self.language),
        }
    }

    /// The folder of a link under a lease, at the address of the lease or at its name below that.
    pub(super) async fn leased_archive(&self, visit: &Visit) -> Response<ResponseBody> {
        let name = format!("{}.zip", visit.entry.name);
        let written = self.path().split("/get/").nth(1).and_then(|rest| rest.split_once('/'));
        let is_its = match written {
            None | Some((_, "")) => true,
            Some((_, written)) => {
                crate::http::protocol::href::decode(written).is_ok_and(|found| found == name)
            }
        };
        match is_its {
            true => self.archive_of(visit, &EntryPath::root()).await,
            false => pages::gone(self.language),
        }
    }

    async fn archive_of(&self, visit: &Visit, path: &EntryPath) -> Response<ResponseBody> {
        let name = path.names().last().map_or(visit.entry.name.as_str(), EntryName::as_str);
        let reader = Reader::guest(self.context, visit);
        let answer = archive::answer(self.context, &visit.access, path, name, reader).await;
        answer.unwrap_or_else(|error| self.failed(&error))
    }
}
